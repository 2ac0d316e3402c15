"""What is answered: identities, states of messages, verdicts taken in, the JSON of answers."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.core.errors import Corrupt
from services.core.messages import GoodsReleased, ItemVerdict, Override, Phase, Stage, Verdict, VerdictKind
from services.core.values import Mrn
from services.customs import handlers
from services.customs.adapters.http import views
from services.customs.adapters.intake import Intake
from services.customs.domain.answer import Answer, Standing, answers, settled, standing
from services.customs.domain.lodgement import State
from services.customs.domain.reading import message_id
from tests.unit.customs.written import MRN, as_json, cc515c, declaration

AT = datetime(2026, 3, 2, 8, 15, tzinfo=UTC)


def a_verdict(revision: int = 1, **changed: object) -> Verdict:
    verdict = Verdict(
        mrn=Mrn(MRN),
        revision=revision,
        version=1,
        phase=Phase.NOT_RELEASED,
        stage=Stage.NOT_RELEASED,
        verdict=VerdictKind.NOT_CONTROLLED,
        items=(ItemVerdict(item=1, verdict=VerdictKind.REFUSED, reasons=("quantity.overrun",)),),
        applied=("a",),
        rule_set="rules-1",
        decided_at=AT,
    )
    return replace(verdict, **changed)  # type: ignore[arg-type]  # a test changes one field by name


EMPTY = Answer(Mrn(MRN))


def test_a_newer_verdict_replaces_an_older_one_and_never_the_other_way_round() -> None:
    newer = handlers.take_verdict(EMPTY, a_verdict(2), AT).state
    assert newer.verdict == a_verdict(2)
    assert handlers.take_verdict(newer, a_verdict(1), AT).state is newer
    assert handlers.take_verdict(newer, a_verdict(2), AT).state is newer


def test_a_revision_with_two_contents_halts() -> None:
    held = handlers.take_verdict(EMPTY, a_verdict(), AT).state
    with pytest.raises(Corrupt):
        handlers.take_verdict(held, a_verdict(version=2), AT)


def test_a_dead_letter_is_noted_once() -> None:
    fact = GoodsReleased(fact_id="f", mrn=Mrn(MRN), released_at=AT)
    dead = handlers.take_dead_letter(EMPTY, fact, AT).state
    assert dead.dead == ("f",)
    assert handlers.take_dead_letter(dead, fact, AT).state is dead


def test_a_fact_that_a_verdict_applies_is_dead_no_longer() -> None:
    fact = GoodsReleased(fact_id="f", mrn=Mrn(MRN), released_at=AT)
    dead = handlers.take_dead_letter(EMPTY, fact, AT).state
    other = handlers.take_verdict(dead, a_verdict(1), AT).state
    assert other.dead == ("f",), "a verdict without its effect leaves it dead"
    applied = handlers.take_verdict(other, a_verdict(2, applied=("a", "f")), AT).state
    assert applied.dead == ()
    assert handlers.take_dead_letter(applied, fact, AT).state is applied


@pytest.mark.parametrize(
    ("state", "fact_id", "answer", "accepted", "expected"),
    [
        (State.WAITING, None, None, False, Standing.WAITING),
        (State.APPLIED, None, None, False, Standing.APPLIED),
        (State.RECEIVED, "f", None, True, Standing.RECEIVED),
        (State.RECEIVED, "f", None, False, Standing.WAITING),
        (State.RECEIVED, "f", Answer(Mrn(MRN), a_verdict(applied=("m",))), True, Standing.APPLIED),
        (State.RECEIVED, "f", Answer(Mrn(MRN), a_verdict(applied=("f",))), True, Standing.APPLIED),
        (State.RECEIVED, "f", Answer(Mrn(MRN), a_verdict(), ("f",)), True, Standing.DEAD_LETTERED),
        (State.RECEIVED, "a", Answer(Mrn(MRN), a_verdict(), ("a",)), True, Standing.APPLIED),
    ],
)
def test_a_message_stands_where_its_fact_stands(
    state: State, fact_id: str | None, answer: Answer | None, *, accepted: bool, expected: Standing
) -> None:
    found, _ = standing(state, None, "m", fact_id, answer, accepted=accepted)
    assert found is expected


@pytest.mark.parametrize(
    ("verdict", "version", "expected", "enough"),
    [
        (None, None, [], False),
        (a_verdict(verdict=VerdictKind.PENDING), None, [], False),
        (a_verdict(), None, [], True),
        (a_verdict(), 2, [], False),
        (a_verdict(version=3), 2, [], True),
        (a_verdict(), 1, ["b"], False),
        (a_verdict(applied=("a", "b")), 1, ["b"], True),
    ],
)
def test_an_answer_is_enough_when_it_holds_what_was_asked_for(
    verdict: Verdict | None, version: int | None, expected: list[str], *, enough: bool
) -> None:
    assert answers(Answer(Mrn(MRN), verdict), version, expected) is enough


def test_a_dead_letter_is_not_waited_for() -> None:
    assert answers(Answer(Mrn(MRN), a_verdict(), ("b",)), 1, ["b"])


def test_a_verdict_is_shown_in_the_words_of_the_contract() -> None:
    decided = Override(
        decided_at=datetime(2026, 3, 2, 8, 20, tzinfo=UTC), officer="BE343000-417", reason="by telephone"
    )
    given = a_verdict(overrides=(decided,), respond_by=AT + timedelta(minutes=30))
    shown = views.verdict(MRN, 1, Answer(Mrn(MRN), given), settled=True)
    assert shown == {
        "mrn": MRN,
        "version": 1,
        "verdict": "not-controlled",
        "phase": "not-released",
        "stage": "not-released",
        "items": [{"item": 1, "licence": None, "line": None, "verdict": "refused", "reasons": ["quantity.overrun"]}],
        "overrides": [{"decided_at": "2026-03-02T08:20:00Z", "officer": "BE343000-417", "reason": "by telephone"}],
        "rule_set": "rules-1",
        "decided_at": "2026-03-02T08:15:00Z",
        "respond_by": "2026-03-02T08:45:00Z",
    }
    waiting = views.verdict(MRN, 2, Answer(Mrn(MRN), given), settled=False)
    assert (waiting["verdict"], waiting["respond_by"]) == ("pending", "2026-03-02T08:45:00Z")


def test_without_a_verdict_the_answer_is_pending() -> None:
    shown = views.verdict(MRN, 2, None, settled=False)
    assert (shown["verdict"], shown["version"], shown["items"]) == ("pending", 2, [])


async def test_the_identity_is_the_senders_key_else_the_formats_else_the_digest() -> None:
    intake = Intake(UTC)
    xml = await intake.submission("customs", cc515c(), "application/xml", None)
    assert xml.identity == ("aes", "BE0314595348", "m-515")
    assert xml.id == message_id("customs", xml.identity)
    assert len(xml.id) == 32
    keyed = await intake.submission("customs", cc515c(), "application/xml", None, "key")
    assert keyed.identity == ("idempotency-key", "key")
    json = await intake.submission("customs", as_json(declaration()), "application/json", None)
    assert json.identity == ("json", "BE.CUSTOMS", "m-1001")
    assert len({xml.id, keyed.id, json.id}) == 3


async def test_two_parties_may_use_the_same_identity() -> None:
    ids = {(await Intake(UTC).submission(party, cc515c(), "text/xml", None)).id for party in ("one", "two")}
    assert len(ids) == 2


async def test_a_large_message_is_read_like_a_small_one() -> None:
    """Large ones are read beside the event loop."""
    padded = cc515c().replace(b"</ecs:CC515C>", b"<!-- -->" * 20_000 + b"</ecs:CC515C>")
    intake = Intake(UTC)
    assert await intake.read(padded, "application/xml", None) == await intake.read(cc515c(), "application/xml", None)


def test_final_verdicts_wait_to_be_told_until_they_are_committed() -> None:
    answer = EMPTY
    for verdict in (a_verdict(1, verdict=VerdictKind.PENDING), a_verdict(2), a_verdict(2), a_verdict(1), a_verdict(3)):
        answer = handlers.take_verdict(answer, verdict, AT).state
    assert answer.untold == (a_verdict(2), a_verdict(3)), "each once, and none that is pending or old"
    assert settled(answer) == replace(answer, untold=())
    assert handlers.take_verdict(settled(answer), a_verdict(4), AT).state.untold == (a_verdict(4),)
