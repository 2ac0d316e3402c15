"""A dead letter taken apart, and the record that goes back."""

from datetime import UTC, datetime, timedelta

import pytest

from services.core.errors import Fatal
from services.runtime.dead_letter import dead_letter
from services.runtime.dead_letter_office import AT, BY, OF, REASON, DeadLetter
from services.runtime.kafka.batches import milliseconds
from services.runtime.kafka.cloud_events import CloudEvents
from services.runtime.kafka.producer import LARGEST
from services.runtime.kafka.reader import Incoming
from services.runtime.publication import outgoing

READ_AT = datetime(2026, 3, 2, 8, 15, tzinfo=UTC)
NOW = READ_AT + timedelta(days=1)
READ_AT_MS = milliseconds(READ_AT)
ORIGINAL = Incoming("a.topic.v1", 1, 7, b"key", b"value", READ_AT_MS, (("ce_id", b"the-id"), ("odd", None)))


def dead(record: Incoming, reason: str = "no good") -> Incoming:
    """The record as it stands on the dead-letter topic."""
    sent = outgoing(dead_letter(record, "handle", reason, "a.fold", 1), CloudEvents("a"))
    return Incoming(sent.topic, record.partition, 3, sent.key, sent.value, milliseconds(sent.at), sent.headers)


def test_a_dead_letter_knows_where_it_came_from_and_why() -> None:
    letter = DeadLetter.of(dead(ORIGINAL))
    assert (letter.place, letter.topic, letter.reason) == ("a.topic.v1.dlq/1/3", "a.topic.v1", "no good")
    assert (letter.origin["partition"], letter.origin["offset"], letter.origin["stage"]) == ("1", "7", "handle")
    assert letter.headers == ORIGINAL.headers


def test_what_goes_back_is_the_original_with_who_why_when_and_of_what_beside_it() -> None:
    sent = DeadLetter.of(dead(ORIGINAL)).sent_back("operator", "corrected", NOW)
    assert (sent.topic, sent.key, sent.value, sent.at) == ("a.topic.v1", b"key", b"value", NOW)
    added = {BY: b"operator", REASON: b"corrected", AT: NOW.isoformat().encode(), OF: b"a.topic.v1.dlq/1/3"}
    assert sent.headers == (*ORIGINAL.headers, *added.items())


def test_headers_of_the_original_that_look_like_ours_stay_with_it() -> None:
    forged = ORIGINAL._replace(headers=(("dlq.topic", b"elsewhere"), ("dlq.stage", b"x")))
    letter = DeadLetter.of(dead(forged))
    assert letter.topic == "a.topic.v1"
    assert letter.headers == forged.headers


def test_one_that_dies_again_keeps_who_sent_it_back() -> None:
    sent = DeadLetter.of(dead(ORIGINAL)).sent_back("operator", "corrected", NOW)
    again = DeadLetter.of(dead(ORIGINAL._replace(offset=9, headers=sent.headers)))
    assert (again.origin["offset"], dict(again.headers)[BY]) == ("9", b"operator")


def test_one_that_was_too_large_to_be_kept_cannot_go_back() -> None:
    letter = DeadLetter.of(dead(ORIGINAL._replace(value=bytes(LARGEST))))
    with pytest.raises(Fatal, match="too large"):
        letter.sent_back("operator", "corrected", NOW)


def test_a_record_that_a_stranger_put_there_goes_to_the_topic_beside_it() -> None:
    letter = DeadLetter.of(Incoming("a.topic.v1.dlq", 0, 0, b"k", b"v", READ_AT_MS, ()))
    assert (letter.topic, letter.reason) == ("a.topic.v1", "no reason is given")
