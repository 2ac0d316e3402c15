"""Re-issue under a new number."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.core.errors import Refused
from services.core.messages import Change, Licence, LicenceStatus, Party
from services.core.values import Eori, LicenceRef, Unit
from services.licensing.domain.registered import Registered
from services.licensing.domain.replacing import replaced_by
from services.licensing.handlers import change_status
from tests.unit.licensing.test_register_handlers import NOW, a_licence, a_step, registered

OLD = LicenceRef("VL/2026/000123")


def new(**changes: Any) -> Licence:
    at = NOW + timedelta(days=1)
    made = replace(a_licence(), ref=LicenceRef("VL/2028/1"), replaces=OLD, changed_at=at)
    return replace(made, change=Change(actor="BE-VLG", effective_at=at), **changes)


def refusal(known: Registered | None, licence: Licence) -> tuple[int, list[tuple[str, str]]]:
    with pytest.raises(Refused) as refused:
        replaced_by(known, licence)
    return refused.value.status, [(f.path, f.code) for f in refused.value.faults]


def test_the_replaced_licence_says_by_which_and_keeps_all_else() -> None:
    made = replaced_by(registered(), new()).current
    assert (made.revision, made.replaced_by, made.change) == (2, "VL/2028/1", new().change)
    before = registered().current
    assert replace(made, revision=1, replaced_by=None, changed_at=before.changed_at, change=None) == before


def test_a_balance_goes_over_once_and_from_a_licence_there_is() -> None:
    assert refusal(None, new()) == (422, [("/replaces", "replaced-unknown")])
    once = replaced_by(registered(), new())
    assert refusal(once, new(ref=LicenceRef("VL/2028/2"))) == (409, [("/replaces", "replaced-already")])


@pytest.mark.parametrize(
    ("status", "goes"), [("REVOKED", False), ("ANNULLED", False), ("EXPIRED", True), ("SURRENDERED", True)]
)
def test_of_a_licence_that_was_taken_back_nothing_goes_over(status: str, *, goes: bool) -> None:
    ended = change_status(registered(), a_step(LicenceStatus(status))).state
    if goes:
        assert replaced_by(ended, new()).current.revision == 3
    else:
        assert refusal(ended, new()) == (409, [("/replaces", "replaced-ended")])


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"authority": "BE-WAL"}, "/authority"),
        ({"holder": Party(eori=Eori("BE1"))}, "/holder/eori"),
        ({"lines": (replace(a_licence().lines[0], unit=Unit("KGM")),)}, "/lines/0/unit"),
    ],
)
def test_it_goes_to_the_same_holder_in_the_same_measure(changes: dict[str, Any], path: str) -> None:
    assert refusal(registered(), new(**changes)) == (422, [(path, "replaced-unlike")])
