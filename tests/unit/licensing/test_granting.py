"""A grant is refused while a denial of the same transaction stands against it and its state was not consulted."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from services.core.errors import Refused
from services.core.messages import Denial, Licence, LicenceType
from services.licensing.adapters.bodies import LicenceBody
from services.licensing.adapters.denial_bodies import CheckBody
from services.licensing.domain.consultation import Answer, Consultation, Course, Decision
from services.licensing.domain.granting import GRANTS, Consulted, Denied, Transaction
from services.licensing.domain.live_denials import LiveDenials
from tests.builders_denials import DENIAL, RECORDED, a_denial
from tests.builders_licensing import LICENCE, changed

TODAY = date(2026, 3, 10)
SENT, DUE, LATEST = date(2026, 3, 2), date(2026, 3, 16), date(2026, 4, 14)
LINE = LICENCE["lines"][0]
ELSEWHERE = {"consignees": [], "end_users": [{"name": "Cochin Shipyard", "country": "IN"}]}
REF = LICENCE["ref"]


def a_licence(**changes: Any) -> Licence:
    return LicenceBody.model_validate(changed(LICENCE, **changes)).licence("Europe/Brussels", RECORDED)


def denied(*consulted: Consulted, denials: tuple[Denial, ...] = (a_denial(),), of: str = REF) -> Denied:
    live = LiveDenials()
    for denial in denials:
        live.put(denial)
    return Denied(live, {of: consulted})


def a_consultation(answer: Answer | None = None, decided: str | None = None, **asked: Any) -> Consulted:
    stated = {"end_users": [{"name": "Bharat Forge", "country": "IN"}], "goods": [{"description": "isostatic press"}]}
    body = CheckBody.model_validate({**stated, **asked})
    held = Consultation(
        DENIAL["ref"], "DE", SENT, DUE, LATEST, answer=answer, answered_at=None if answer is None else TODAY
    )
    decision = None if decided is None else Decision(decided, "another installation", "o-1", TODAY)
    return Consulted("c1", Transaction(tuple(body.wanted()), tuple(body.parties())), Course((held,), decision))


def details(
    known: Denied, licence: Licence | None = None, today: date = TODAY, before: Licence | None = None
) -> list[str]:
    return [fault.detail for fault in known.faults(licence or a_licence(), today, before)]


def test_a_grant_of_what_was_denied_is_refused_with_the_score_what_was_compared_and_what_to_do() -> None:
    with pytest.raises(Refused) as refused:
        denied().refuse(a_licence(), TODAY)
    (fault,) = refused.value.faults
    assert (refused.value.status, fault.code, fault.path) == (409, "denial-identical", "/end_users/0")
    for told in (
        "DN2024/0017",
        "denied by DE",
        "score 0.85",
        "name end_user Bharat Forge as end_user Bharat Forge Ltd 1",
    ):
        assert told in fault.detail
    for told in ("control code 2B204 as 2B204.a 0.90", "was not consulted", f"application {REF}", "art. 16(5)"):
        assert told in fault.detail


def test_each_denial_has_a_fault_and_what_is_only_similar_has_none() -> None:
    similar = replace(
        a_denial(), ref="DN3", goods=a_denial(goods=[{"description": "press", "control_code": "2B209"}]).goods
    )
    known = denied(denials=(a_denial(), replace(a_denial(), ref="DN2"), similar))
    assert [text.split(",")[0] for text in details(known)] == ["DN2", "DN2024/0017"]
    assert details(denied(), a_licence(**ELSEWHERE)) == []
    assert details(denied(denials=())) == []


@pytest.mark.parametrize(
    ("consulted", "today", "told"),
    [
        (a_consultation(), TODAY, "may answer until 2026-03-16"),
        (a_consultation(), DUE, "may answer until 2026-03-16"),
        (a_consultation(), DUE + timedelta(days=1), None),
        (a_consultation(Answer.NOT_IDENTICAL), TODAY, None),
        (a_consultation(Answer.IDENTICAL), TODAY, "/v1/denial-checks/c1/decision"),
        (a_consultation(Answer.IDENTICAL, "granted"), TODAY, None),
        (a_consultation(Answer.IDENTICAL, "refused"), TODAY, "refused on 2026-03-10"),
        (a_consultation(Answer.NOT_IDENTICAL, "refused"), TODAY, "refused on 2026-03-10"),
    ],
)
def test_a_consultation_that_ended_lets_it_through(consulted: Consulted, today: date, told: str | None) -> None:
    found = details(denied(consulted), today=today)
    assert len(found) == (told is not None)
    assert told is None or told in found[0]


def test_of_several_consultations_the_last_counts_and_one_of_another_application_does_not() -> None:
    ended = a_consultation(Answer.NOT_IDENTICAL)
    assert details(denied(ended, a_consultation())) != []
    assert details(denied(a_consultation(), ended)) == []
    assert details(denied(ended, of="VL/2026/000999")) != []
    assert details(denied(ended, of="VL/2026/000999"), a_licence(replaces="VL/2026/000999")) == []


def test_a_consultation_about_other_goods_or_parties_does_not_count() -> None:
    ended = {"answer": Answer.NOT_IDENTICAL}
    other_goods = a_consultation(**ended, goods=[{"description": "winding machine", "control_code": "1B201"}])
    other_party = a_consultation(**ended, end_users=[{"name": "Cochin Shipyard", "country": "IN"}])
    assert "was not consulted about this" in details(denied(other_goods))[0]
    assert "was not consulted about this" in details(denied(other_party))[0]


def test_of_an_amendment_only_what_it_adds_is_looked_at() -> None:
    before = a_licence()
    assert details(denied(), a_licence(valid_to="2027-12-31", lines=[{**LINE, "value": "300000"}]), before=before) == []
    assert details(denied(), before, before=a_licence(**ELSEWHERE)) != []
    winding = {**LINE, "description": "winding machine", "control_code": "1B201", "commodity_codes": ["844540"]}
    assert details(denied(), before, before=a_licence(lines=[winding])) != []
    more = [LINE, {**winding, "line": 2}]
    assert details(denied(), a_licence(lines=more), before=before) == [], "the press was granted before"


def test_a_registration_under_a_general_authorisation_is_no_grant() -> None:
    kinds = {kind for kind in LicenceType if denied().faults(replace(a_licence(), type=kind), TODAY)}
    assert kinds == GRANTS == set(LicenceType) - {LicenceType.UNION_GENERAL, LicenceType.NATIONAL_GENERAL}
