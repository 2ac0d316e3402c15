"""From a message to its rows: which of them are entries, and what a handler may know of where the message stood."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import pytest

from services.core.decision import Decision
from services.core.messages import Licence
from services.runtime.codec import Codec
from services.runtime.database import Connection
from services.runtime.fold import Entries, FoldSpec
from services.runtime.kafka.reader import Incoming
from services.runtime.output import decide
from tests.builders import a_licence

RECORD = Incoming(Licence.TOPIC, 3, 41, b"key", b"value", 1_772_439_300_000, ())
ENTRIES = Entries[str](Licence, lambda state, _: state, len, len)


class Nowhere:
    """A store that is not asked."""

    async def load(self, connection: Connection, ids: Sequence[str]) -> Mapping[str, str]:
        raise NotImplementedError

    async def save(self, connection: Connection, partition: int, states: Mapping[str, str]) -> None:
        raise NotImplementedError


SPEC = FoldSpec("a", "fold", (Licence.TOPIC,), {}, lambda message: message.key, str, Nowhere())


def echo(state: str, licence: Licence, now: datetime) -> Decision[str]:
    assert now == RECORD.at
    return Decision(state, (licence,))


def place(state: str, licence: Licence, now: datetime, partition: int, offset: int) -> Decision[str]:
    assert now == RECORD.at
    return Decision(f"{partition}/{offset}")


@pytest.mark.parametrize(
    ("entries", "marks"),
    [
        (None, [None, None]),
        (ENTRIES, [7, 0]),
        (replace(ENTRIES, revision_of=lambda licence: licence.revision or None), [7, None]),
    ],
    ids=["no entries", "each is one", "one that changed nothing is none"],
)
def test_an_output_is_an_entry_when_its_fold_says_which_revision_it_made(
    entries: Entries[str] | None, marks: list[int | None]
) -> None:
    spec, codec = replace(SPEC, entries=entries), Codec()
    messages = [a_licence(revision=7), a_licence(revision=0)]
    rows = [decide(spec, codec, echo, "state", message, RECORD, 12)[1][0] for message in messages]
    assert [row.entry_revision for row in rows] == marks
    assert [row.entry_of for row in rows] == [None if mark is None else messages[0].key for mark in marks]
    assert [row.seq for row in rows] == [12, 12]


def test_handlers_of_a_placed_fold_are_told_where_the_message_stood() -> None:
    decision, rows = decide(replace(SPEC, placed=True), Codec(), place, "state", a_licence(), RECORD, 1)
    assert (decision.state, rows) == ("3/41", [])
