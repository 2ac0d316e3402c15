"""What may be recorded of goods that left for a fair (EU004): that they came back, or that they need not."""

from datetime import UTC, datetime
from typing import Any

import pytest

from services.licensing.adapters.authorisation_bodies import DocumentBody, StoredAuthorisation, content
from services.licensing.adapters.bodies import LicenceBody
from services.licensing.domain.re_import import re_import_faults
from tests.builders_licensing import LICENCE, changed

NOW = datetime(2026, 7, 2, 22, 30, tzinfo=UTC)
"""3 July in Brussels."""
BACK: dict[str, Any] = {
    "kind": "re-import",
    "ref": "26BE101000000001R1",
    "mrn": "26BE343000000001A1",
    "issued_by": "BE101000",
    "valid_from": "2026-07-03",
}


def faults(general: str = "eu004", **changes: Any) -> list[tuple[str, str]]:
    body = LicenceBody.model_validate(changed(LICENCE, type="union-general", general=general))
    licence = body.revision_of(1, "Europe/Brussels", (), NOW)
    asked = DocumentBody.model_validate({**BACK, **changes}).entered(licence.ref, licence.time_zone, NOW)
    return [(fault.path, fault.code) for fault in re_import_faults(licence, asked.authorisation)]


@pytest.mark.parametrize("kind", ["re-import", "re-import-waiver"])
def test_a_re_import_and_its_waiver_are_of_a_shipment(kind: str) -> None:
    assert faults(kind=kind) == []


@pytest.mark.parametrize(
    ("general", "changes", "fault"),
    [
        ("eu004", {"mrn": None}, ("/mrn", "missing")),
        ("eu003", {}, ("/kind", "not-temporary")),
        ("eu004", {"valid_from": "2026-07-04"}, ("/valid_from", "in-the-future")),
        ("eu004", {"valid_to": "2026-08-01"}, ("/kind", "of-all-goods")),
        ("eu004", {"line": 1}, ("/kind", "of-all-goods")),
        ("eu004", {"goods": ["2B204"]}, ("/kind", "of-all-goods")),
        ("eu004", {"quantity": "1", "unit": "NAR"}, ("/kind", "of-all-goods")),
        ("eu004", {"kind": "end-use-certificate"}, ("/mrn", "not-of-a-shipment")),
    ],
)
def test_what_may_not_be_recorded(general: str, changes: dict[str, Any], fault: tuple[str, str]) -> None:
    assert faults(general, **changes) == [fault]


def test_it_is_stored_with_its_shipment_and_what_was_stored_before_has_none() -> None:
    made = DocumentBody.model_validate(BACK).entered("VL/2026/000123", "Europe/Brussels", NOW).authorisation
    stored = content(made)
    assert stored["mrn"] == "26BE343000000001A1"
    assert StoredAuthorisation.model_validate(stored).stored() == made
    del stored["mrn"]
    assert StoredAuthorisation.model_validate(stored).stored().mrn is None
