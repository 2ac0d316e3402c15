"""Who may change a declaration that is known: who declared it."""

from datetime import UTC

import pytest

from services.core.values import Mrn
from services.customs.adapters import intake
from services.customs.domain.rights import changed, objection
from tests.unit.customs.test_requests import answered, asked
from tests.unit.customs.test_wco import SAMPLES
from tests.unit.customs.written import MRN, as_json, cc515c, cc528c, declaration, event
from tests.unit.customs.written_eu import cc504c, cc513c

AT = "2026-03-03T17:40:00Z"
BRITISH = "24GB0YVJ3EXXES8AA0"


@pytest.mark.parametrize(
    ("body", "mrn"),
    [
        (as_json(declaration(version=2, amended_at=AT)), MRN),
        (as_json(event("invalidation", invalidated_at=AT)), MRN),
        (cc513c(mrn=MRN), MRN),
        (cc504c(mrn=MRN), MRN),
        (asked(10), BRITISH),
        (asked(10, kind="INV"), BRITISH),
        (answered(11), BRITISH),
        ((SAMPLES / "10_DMSINV.xml").read_bytes(), "20GB0NKQGSX2IX8PR5"),
        (as_json(event("release", released_at=AT)), None),
        (as_json(event("exit", exited_at=AT, result="A1")), None),
        (cc515c(), None),
        (cc528c(), None),
    ],
)
def test_what_would_change_a_declaration(body: bytes, mrn: str | None) -> None:
    reading = intake.read(body, intake.sniffed(body), None, UTC)
    assert changed(reading) == mrn
    if mrn is not None:
        known = {Mrn(mrn): ["BE.CUSTOMS"]}
        assert objection("BE.CUSTOMS", reading, known) is None
        assert objection("FR.CUSTOMS", reading, {}) is None, "it is not known yet"
        refused = objection("FR.CUSTOMS", reading, known)
        assert refused is not None
        assert (refused.status, refused.faults[0].code) == (403, "mrn.other-party")
