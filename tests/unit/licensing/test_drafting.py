"""Drafts: what is kept of them, and what they stand in the way of."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.core.errors import Refused
from services.core.messages import Change, Licence
from services.licensing.domain.drafting import (
    DiscardDraft,
    Draft,
    SaveDraft,
    State,
    discard,
    issued_from,
    refuse_drafted,
    save,
)
from services.licensing.handlers import IssueLicence, issue
from tests.unit.licensing.test_register_handlers import NOW, a_licence, registered

LATER = NOW + timedelta(days=1)
BY = Change(actor="officer-7", reason="withdrawn by the applicant", effective_at=LATER)
REF = a_licence().ref


def terms(**changes: Any) -> Licence:
    return replace(a_licence(), statuses=(), **changes)


def refusal(act: Any) -> tuple[int, list[tuple[str, str]]]:
    with pytest.raises(Refused) as refused:
        act()
    return refused.value.status, [(f.path, f.code) for f in refused.value.faults]


def gone(draft: Draft | None = None, expected: frozenset[int] | None = None) -> Draft:
    return discard(draft or Draft(terms()), DiscardDraft(REF, BY, expected, LATER))


def test_a_draft_is_saved_once_and_replaced_by_who_saw_it() -> None:
    first = save(None, SaveDraft(terms()), taken=False)
    assert first == Draft(terms(revision=1))
    assert save(first, SaveDraft(terms(changed_at=LATER)), taken=False) is first
    other = terms(contact="desk")
    assert refusal(lambda: save(first, SaveDraft(other), taken=False)) == (409, [("/ref", "ref-taken")])
    assert refusal(lambda: save(first, SaveDraft(other, frozenset({2})), taken=False)) == (
        412,
        [("If-Match", "revision")],
    )
    second = save(first, SaveDraft(other, frozenset({1})), taken=False)
    assert second == Draft(replace(other, revision=2))
    assert save(second, SaveDraft(other, frozenset({1})), taken=False) is second, "a repeat, though outdated by it"
    assert refusal(lambda: save(None, SaveDraft(other, frozenset({1})), taken=False)) == (404, [])


def test_a_licence_is_not_drafted_again() -> None:
    assert refusal(lambda: save(None, SaveDraft(terms()), taken=True)) == (409, [("/ref", "ref-taken")])


def test_a_discarded_draft_says_by_whom_and_frees_its_reference() -> None:
    ended = gone()
    assert (ended.state, ended.terms.revision, ended.terms.change) == (State.DISCARDED, 2, BY)
    assert gone(ended) is ended
    assert refusal(lambda: gone(expected=frozenset({7}))) == (412, [("If-Match", "revision")])
    assert save(ended, SaveDraft(terms()), taken=False) == Draft(terms(revision=3))
    refuse_drafted(ended)
    assert issue(None, IssueLicence(a_licence()), ended).outputs == (a_licence(),)


def test_a_draft_holds_its_reference_and_is_issued_as_it_was_seen() -> None:
    draft = Draft(terms())
    assert refusal(lambda: issue(None, IssueLicence(a_licence()), draft)) == (409, [("/ref", "ref-taken")])
    assert issue(registered(), IssueLicence(a_licence()), draft).outputs == (), "a licence there is stays a repeat"
    asked = IssueLicence(replace(a_licence(), change=BY), frozenset({1}))
    assert issue(None, asked, draft).outputs == (asked.licence,)
    done = issued_from(draft, asked.licence, frozenset({1}))
    assert (done.state, done.terms.revision, done.terms.change) == (State.ISSUED, 2, BY)
    assert refusal(lambda: issued_from(draft, asked.licence, frozenset({2}))) == (412, [("If-Match", "revision")])
    assert refusal(lambda: issued_from(done, asked.licence, frozenset({1}))) == (404, [])
    assert refusal(lambda: gone(done)) == (404, [])
