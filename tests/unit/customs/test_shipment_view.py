"""A declaration as it is shown: its stage, and the offices of exit its goods were seen at."""

from datetime import datetime
from typing import Any

import pytest

from services.core.facts import Fact
from services.core.messages import Phase, Stage, Verdict, VerdictKind
from services.core.values import Mrn
from services.customs.adapters.http import views
from services.customs.adapters.queries import MessageView, ShipmentView
from services.customs.domain.answer import Answer, Standing
from tests.builders import ACCEPTED_AT
from tests.builders_customs import MRN, a_declaration, an_arrival, an_exit, an_exit_release

ROW: dict[str, Any] = {
    "id": "m",
    "message_id": "m",
    "kind": "k",
    "mrn": MRN,
    "lrn": None,
    "sha256": "ab",
    "warnings": [],
}


def shown(*facts: Fact, stage: Stage | None = None, at: datetime = ACCEPTED_AT) -> dict[str, Any]:
    row = {**ROW, "received_at": at, "shipment": MRN, "fact_id": None}
    messages = tuple(MessageView(row, Standing.RECEIVED, None, fact) for fact in facts)
    verdict = Verdict(
        mrn=Mrn(MRN),
        revision=1,
        version=1,
        phase=Phase.ACCEPTED,
        stage=stage,
        verdict=VerdictKind.NOT_CONTROLLED,
        rule_set="rules-1",
        decided_at=at,
    )
    answer = None if stage is None else Answer(Mrn(MRN), verdict)
    return views.shipment(ShipmentView(MRN, messages, answer))


def test_the_stage_is_that_of_the_verdict_and_before_it_that_of_the_declaration() -> None:
    assert shown(a_declaration(), stage=Stage.EXIT_STARTED)["stage"] == "exit-started"
    assert shown(a_declaration())["stage"] == "accepted"
    assert shown(a_declaration(pre_lodged=True))["stage"] == "lodged"
    assert shown(an_exit())["stage"] is None


@pytest.mark.parametrize(
    ("declared", "facts", "offices", "diverted"),
    [
        (None, (), [], False),
        ("BE101000", (an_arrival(), an_exit_release()), ["BE101000"], False),
        ("BE101000", (an_exit(), an_arrival(office="NL000510")), ["NL000510", "BE101000"], True),
        ("BE101000", (an_arrival(office="NL000510"),), ["NL000510"], True),
        (None, (an_arrival(office="NL000510"),), ["NL000510"], False),
        (None, (an_arrival(office="NL000510"), an_exit()), ["NL000510", "BE101000"], True),
    ],
)
def test_another_office_of_exit_is_shown_as_a_diversion(
    declared: str | None, facts: tuple[Fact, ...], offices: list[str], *, diverted: bool
) -> None:
    assert shown(a_declaration(office_of_exit=declared), *facts)["exit"] == {
        "declared": declared,
        "offices": offices,
        "diverted": diverted,
    }
