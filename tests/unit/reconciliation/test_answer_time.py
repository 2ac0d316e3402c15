"""How long customs has for its answer: Del. Reg. (EU) 2015/2446 art. 244(1), by what leaves the Union."""

from dataclasses import replace
from datetime import timedelta

import pytest

from services.core.messages import GoodsPresented, Source
from services.core.values import CountryCode
from services.reconciliation.domain.answer_time import time_to_answer
from tests.builders import ACCEPTED_AT
from tests.builders_customs import MRN, a_declaration, a_release, a_source, an_amendment
from tests.builders_shipments import Way

DECLARED = a_declaration()


@pytest.mark.parametrize(
    ("border_mode", "cargo", "destination", "hours"),
    [
        ("4", "loose", "IN", 0.5),
        ("4", "containers", "IN", 0.5),
        ("3", "loose", "CH", 1),
        ("8", "containers", "CH", 1),
        ("2", "containers", "CH", 2),
        ("1", "containers", "IN", 24),
        ("1", "containers", "MA", 2),
        ("1", "containers", "GB", 2),
        ("1", "loose", "IN", 2),
        ("5", "loose", "IN", 2),
        ("7", "loose", "IN", 2),
        (None, "containers", "IN", 2),
    ],
)
def test_the_means_of_transport_says_how_long(
    border_mode: str | None, cargo: str, destination: str, hours: float
) -> None:
    containerised = cargo == "containers"
    stated = replace(a_declaration(destination=destination), border_mode=border_mode, containerised=containerised)
    assert time_to_answer(stated) == timedelta(hours=hours)
    assert Way().told(stated).verdict().respond_by == ACCEPTED_AT + timedelta(hours=hours)


def test_it_counts_from_when_the_last_of_what_is_asked_was_received() -> None:
    def received(message_id: str, after_h: float) -> tuple[Source, ...]:
        return (replace(a_source(message_id), received_at=ACCEPTED_AT + timedelta(hours=after_h)),)

    declared = replace(DECLARED, sources=received("declared", 5))
    amended = replace(an_amendment(), sources=received("amended", 6))
    presented = GoodsPresented(fact_id="presented", mrn=MRN, presented_at=ACCEPTED_AT, sources=received("presented", 7))
    for facts, after_h in (((declared,), 5), ((declared, amended), 6), ((declared, presented, amended), 7)):
        assert Way().told(*facts).verdict().respond_by == ACCEPTED_AT + timedelta(hours=after_h + 2)


def test_what_customs_decides_afterwards_does_not_move_it() -> None:
    way = Way().told(DECLARED, a_release()).answered()
    assert way.verdict().respond_by == ACCEPTED_AT + timedelta(hours=2)


def test_none_is_said_when_nothing_says_how_the_question_was_received() -> None:
    assert Way().told(replace(DECLARED, sources=())).verdict().respond_by is None


def test_an_amendment_of_where_the_goods_go_changes_it() -> None:
    near = replace(an_amendment(), country_of_destination=CountryCode("MA"))
    far = replace(DECLARED, border_mode="1", containerised=True)
    assert Way().told(far).verdict().respond_by == ACCEPTED_AT + timedelta(hours=24)
    assert Way().told(far, near).verdict().respond_by == ACCEPTED_AT + timedelta(hours=2)
