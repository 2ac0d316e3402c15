"""The dossier as a table: every state and every step, and who may take it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from services.core.errors import Refused
from services.core.messages import (
    AdviceState,
    CheckResult,
    Dossier,
    DossierSide,
    DossierStepKind,
)
from services.licensing.domain.dossier_division import DIVISION
from services.licensing.domain.dossier_steps import RULES
from services.licensing.domain.dossiers import open_dossier, take_step
from tests.builders_dossiers import (
    ACTING,
    FEDERAL,
    LATER,
    OPENED,
    REGION,
    STEPS,
    a_dossier,
    a_step,
    after,
    all_checked,
    an_opening,
    kinds,
)

ADVICE = {
    "none": (),
    "requested": ("advice-requested",),
    "given": ("advice-requested", "advice-given"),
    "decided": ("advice-requested", "advice-given", "advice-decided"),
    "withdrawn": ("advice-requested", "advice-withdrawn"),
}
ADVICE_TABLE = {
    "none": {"advice-requested": "requested"},
    "requested": {"advice-given": "given", "advice-withdrawn": "withdrawn"},
    "given": {"advice-decided": "decided", "advice-withdrawn": "withdrawn"},
    "decided": {},
    "withdrawn": {"advice-requested": "requested"},
}
CHECKS: dict[str, tuple[str, ...]] = {"todo": (), "done": ("check-done",)}
CHECK_TABLE = {
    "todo": {"check-done": "done", "check-assigned": "todo"},
    "done": {"check-reopened": "todo"},
}
ADVICE_STEPS = [name for name in STEPS if name.startswith("advice")]
CHECK_STEPS = [name for name in STEPS if name.startswith("check")]


def refusal(of: Dossier | None, name: str, **asked: Any) -> tuple[int, str]:
    with pytest.raises(Refused) as refused:
        take_step(of, a_step(name, **asked))
    return refused.value.status, refused.value.faults[0].code if refused.value.faults else ""


def advice_state(of: Dossier) -> str:
    return "none" if of.advice is None else of.advice.state.lower()


def check_state(of: Dossier) -> str:
    return next("todo" if check.result is None else "done" for check in of.checks if check.name == "end-use")


@pytest.mark.parametrize("name", ADVICE_STEPS)
@pytest.mark.parametrize("state", ADVICE)
def test_an_advice_takes_the_steps_of_its_state_and_no_other(state: str, name: str) -> None:
    of = after(a_dossier(), *ADVICE[state])
    assert advice_state(of) == state
    if name in ADVICE_TABLE[state]:
        assert advice_state(after(of, name)) == ADVICE_TABLE[state][name]
    else:
        assert refusal(of, name, reason="not a repeat") == (409, "illegal-step")


@pytest.mark.parametrize("name", CHECK_STEPS)
@pytest.mark.parametrize("state", CHECKS)
def test_a_check_takes_the_steps_of_its_state_and_no_other(state: str, name: str) -> None:
    of = after(a_dossier(), *CHECKS[state])
    if name in CHECK_TABLE[state]:
        assert check_state(after(of, name)) == CHECK_TABLE[state][name]
    else:
        expected = "check-done" if state == "done" else "check-to-do"
        assert refusal(of, name, reason="not a repeat") == (409, expected)


@pytest.mark.parametrize("name", STEPS)
def test_a_closed_dossier_takes_links_and_nothing_else(name: str) -> None:
    of = after(a_dossier(), "closed")
    if name == "linked":
        assert after(of, name).licence == "VL/2026/000123"
    else:
        assert refusal(of, name, reason="not a repeat") == (409, "closed")


def test_every_kind_of_step_has_a_rule_and_is_tried_here() -> None:
    made_by_the_service = {DossierStepKind.UNKNOWN, DossierStepKind.OPENED, DossierStepKind.OVERDUE}
    assert set(RULES) == set(DossierStepKind) - made_by_the_service
    assert {kind.lower().replace("_", "-") for kind in RULES} == set(STEPS)


@pytest.mark.parametrize(
    ("name", "before"),
    [
        ("advice-requested", "none"),
        ("advice-given", "requested"),
        ("advice-decided", "given"),
        ("advice-withdrawn", "given"),
        ("closed", "none"),
    ],
)
def test_each_step_of_the_advice_belongs_to_one_side(name: str, before: str) -> None:
    other = FEDERAL if ACTING[name] == REGION else REGION
    of = after(a_dossier(), *ADVICE[before])
    assert refusal(of, name, by=other) == (409, "not-your-step")
    assert refusal(of, name, by="BE-WAL") == (403, "not-yours")
    assert take_step(of, a_step(name)).outputs


def test_a_check_is_done_by_whose_task_it_is_and_by_nobody_twice() -> None:
    of = a_dossier()
    assert refusal(of, "check-done", by=FEDERAL) == (409, "not-your-task")
    done = take_step(of, a_step("check-done")).state
    with pytest.raises(Refused) as refused:
        take_step(done, a_step("check-done", by=FEDERAL, result="unsatisfactory"))
    assert refused.value.faults[0].detail == (
        "end-use was done (satisfactory) by someone at BE-VLG for the region at 2026-03-04T15:30:00+00:00;"
        " re-open it, with a reason, to have it done again"
    )
    check = next(check for check in done.checks if check.name == "end-use")
    assert (check.result, check.statement, check.done_by) == (
        CheckResult.SATISFACTORY,
        "civil production",
        DossierSide.REGION,
    )
    assert check.due is None


def test_either_side_has_a_doubted_check_done_again_and_it_is_not_taken_for_a_repeat() -> None:
    done = after(a_dossier(), "check-done")
    assert take_step(done, a_step("check-done")).outputs == ()
    again = take_step(done, a_step("check-reopened", by=FEDERAL)).state
    assert check_state(again) == "todo"
    assert kinds(after(again, "check-done"))[-3:] == [
        DossierStepKind.CHECK_DONE,
        DossierStepKind.CHECK_REOPENED,
        DossierStepKind.CHECK_DONE,
    ]
    assert refusal(done, "check-reopened", reason=None) == (422, "reason-missing")


def test_a_task_changes_hands_by_agreement_and_is_then_the_others() -> None:
    moved = after(a_dossier(), "check-assigned")
    assert refusal(moved, "check-done") == (409, "not-your-task")
    assert take_step(moved, a_step("check-done", by=FEDERAL)).outputs
    assert refusal(moved, "check-assigned", by=FEDERAL, actor="other") == (409, "already-theirs")
    assert moved.steps[-1].agreed_with == "the secretary"


def test_an_unknown_check_names_those_there_are() -> None:
    assert refusal(a_dossier(), "check-done", check="colour") == (422, "check-unknown")


@pytest.mark.parametrize(
    ("opinion", "conditions", "expected"),
    [
        ("favourable", ["only for research"], (422, "conditions")),
        ("unfavourable", ["only for research"], (422, "conditions")),
        ("favourable-with-conditions", [], (422, "conditions")),
    ],
)
def test_conditions_go_with_the_opinion_that_has_them(
    opinion: str, conditions: list[str], expected: tuple[int, str]
) -> None:
    of = after(a_dossier(), "advice-requested")
    assert refusal(of, "advice-given", opinion=opinion, conditions=conditions) == expected
    named = a_step("advice-given", opinion="favourable-with-conditions", conditions=["only for research"])
    given = take_step(of, named).state
    assert given.advice is not None
    assert given.advice.conditions == ("only for research",)


def test_a_grant_in_spite_of_the_advice_needs_a_reason_and_a_refusal_does_not() -> None:
    given = take_step(after(a_dossier(), "advice-requested"), a_step("advice-given", opinion="unfavourable")).state
    assert refusal(given, "advice-decided") == (422, "reason-missing")
    assert take_step(given, a_step("advice-decided", decision="refused")).outputs
    granted = take_step(given, a_step("advice-decided", reason="guarantee received since")).state
    assert advice_state(granted) == "decided"


def test_the_region_takes_note_of_an_advice_it_asked_for_voluntarily() -> None:
    given = after(a_dossier(involvement="voluntary"), "advice-requested", "advice-given")
    assert refusal(given, "advice-decided") == (409, "not-your-step")
    assert refusal(given, "advice-decided", by=REGION) == (422, "decision")
    assert take_step(given, a_step("advice-decided", by=REGION, decision="noted")).outputs
    formal = after(a_dossier(), "advice-requested", "advice-given")
    assert refusal(formal, "advice-decided", decision="noted") == (422, "decision")


def test_only_a_grant_has_a_federal_authorisation() -> None:
    given = after(a_dossier(), "advice-requested", "advice-given")
    refused = {"decision": "refused", "federal_authorisation": "FED/1"}
    assert refusal(given, "advice-decided", **refused) == (422, "not-granted")
    assert refusal(given, "linked", licence=None, federal_authorisation="FED/1") == (409, "not-granted")
    granted = take_step(given, a_step("advice-decided", federal_authorisation="FED/1")).state
    assert granted.federal_authorisation == "FED/1"
    linked = take_step(granted, a_step("linked", by=FEDERAL, licence=None, federal_authorisation="FED/1"))
    assert linked.outputs == ()
    other: dict[str, Any] = {"licence": None, "federal_authorisation": "FED/2"}
    assert refusal(granted, "linked", **other) == (422, "reason-missing")
    assert take_step(granted, a_step("linked", reason="re-issued", **other)).state.federal_authorisation == "FED/2"


def test_a_dossier_is_completed_once_all_is_done() -> None:
    of = a_dossier()
    assert refusal(of, "closed", outcome="completed") == (409, "checks-to-do")
    checked = all_checked(of)
    assert refusal(checked, "closed", outcome="completed") == (409, "undecided")
    assert refusal(after(checked, "advice-requested"), "closed", outcome="completed") == (409, "advice-under-way")
    assert refusal(after(checked, "advice-requested"), "closed") == (409, "advice-under-way")
    decided = after(checked, "advice-requested", "advice-given", "advice-decided")
    assert take_step(decided, a_step("closed", outcome="completed", reason=None)).outputs
    voluntary = all_checked(a_dossier(involvement="voluntary"))
    assert take_step(voluntary, a_step("closed", outcome="completed", reason=None)).outputs
    assert refusal(of, "closed", reason=None) == (422, "reason-missing")


def test_every_step_again_is_a_repeat_whatever_the_revision_expected() -> None:
    of = all_checked(a_dossier())
    for name in ("advice-requested", "advice-given", "advice-decided", "linked"):
        of = take_step(of, a_step(name)).state
    of = take_step(of, a_step("closed", outcome="completed", reason=None)).state
    for name in ("advice-requested", "advice-given", "advice-decided", "linked", "check-done"):
        assert take_step(of, a_step(name, expected=frozenset({1}))).outputs == ()
    closed = a_step("closed", outcome="completed", reason=None, expected=frozenset({1}))
    assert take_step(of, closed).outputs == ()


def test_a_step_on_another_revision_is_refused_and_on_an_unknown_dossier_too() -> None:
    assert refusal(a_dossier(), "check-done", expected=frozenset({2})) == (412, "revision")
    assert refusal(None, "check-done")[0] == 404


def test_revisions_have_no_gap_and_time_never_runs_back() -> None:
    of = take_step(a_dossier(), a_step("check-done", at=LATER)).state
    early = take_step(of, a_step("advice-requested", at=OPENED)).state
    assert [(step.revision, step.at) for step in early.steps] == [(1, OPENED), (2, LATER), (3, LATER)]
    assert early.revision == 3


def test_a_dossier_is_opened_once_with_every_check_to_be_done() -> None:
    opened = open_dossier(None, an_opening())
    assert [(check.name, check.side) for check in opened.state.checks] == [(task.name, task.side) for task in DIVISION]
    later = after(opened.state, "check-done", "linked")
    assert open_dossier(later, replace(an_opening(), at=LATER)).outputs == ()
    assert open_dossier(later, an_opening(goods=["0C003", "2B204", "0C003"])).outputs == ()
    for change in ({"goods": ["2B204"]}, {"involvement": "voluntary"}, {"actor": "other"}, {"application": "A"}):
        with pytest.raises(Refused) as refused:
            open_dossier(later, an_opening(**change))
        assert refused.value.status == 409


def test_the_documentation_names_every_step_and_whose_every_check_is() -> None:
    text = (Path(__file__).parents[3] / "docs" / "dossier.md").read_text(encoding="utf-8")
    assert all(f"`{name}`" in text for name in STEPS)
    rows = [row.split("|") for row in text.splitlines() if row.count("|") == 4]
    said = {(name.strip(), kind.strip(), side.strip()) for _, names, kind, side, _ in rows for name in names.split(",")}
    division = [
        (task.name, "technical" if task.technical else "administrative", task.side.lower()) for task in DIVISION
    ]
    assert set(division) <= said


def test_an_advice_that_was_withdrawn_is_asked_for_anew() -> None:
    of = after(a_dossier(), "advice-requested", "advice-given", "advice-withdrawn", "advice-requested")
    assert of.advice is not None
    assert (of.advice.state, of.advice.opinion) == (AdviceState.REQUESTED, None)
    assert take_step(of, a_step("advice-given")).outputs
