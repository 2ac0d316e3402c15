"""What the two authorities see: each other's status, never each other's notes."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from services.core.errors import Refused
from services.core.messages import Authorisation, AuthorisationKind, DossierSide, LicenceStatus, StatusChange
from services.core.values import LicenceRef
from services.licensing.adapters.bodies import LicenceBody
from services.licensing.adapters.dossier_views import dossier_view, legs_view, steps_view
from services.licensing.domain.dossier_notes import AddNote, Note, note
from services.licensing.domain.legs import legs
from tests.builders_dossiers import FEDERAL, LATER, REGION, a_dossier, after
from tests.builders_licensing import LICENCE, changed

NOW = datetime(2026, 4, 1, 12, 0, tzinfo=UTC)


def test_a_dossier_shows_status_clocks_and_steps() -> None:
    of = after(a_dossier(), "check-done", "advice-requested")
    shown = dossier_view(of, NOW)
    assert [check["state"] for check in shown["checks"]] == ["todo", "todo", "done", *["todo"] * 5]
    assert shown["advice"]["state"] == "requested"
    assert shown["overdue"][0] == {"what": "completeness", "side": "region", "due": "2026-03-16"}
    assert len(shown["overdue"]) == 7
    assert [step["step"] for step in steps_view(of)] == ["opened", "check-done", "advice-requested"]
    json.dumps(shown)


def test_each_side_has_notes_of_its_own() -> None:
    of, mine = a_dossier(), AddNote("DOS/2026/7", REGION, "an officer", "doubts about the end user", LATER)
    first, new = note(of, {}, mine)
    assert (first.side, first.number, new) == (DossierSide.REGION, 1, True)
    latest = {DossierSide.REGION: first}
    assert note(of, latest, mine) == (first, False)
    assert note(of, latest, replace(mine, text="more"))[0].number == 2
    theirs = note(of, latest, replace(mine, acting_for=FEDERAL))
    assert theirs == (
        Note("DOS/2026/7", DossierSide.FEDERAL, 1, "an officer", "doubts about the end user", LATER),
        True,
    )
    with pytest.raises(Refused) as refused:
        note(of, {}, replace(mine, acting_for="BE-WAL"))
    assert refused.value.status == 403
    with pytest.raises(Refused) as refused:
        note(None, {}, mine)
    assert refused.value.status == 404


def an_authorisation(kind: AuthorisationKind, valid_to: date | None, status: LicenceStatus) -> Authorisation:
    start = datetime(2026, 1, 15, tzinfo=UTC)
    steps = [StatusChange(status=LicenceStatus.ISSUED, effective_at=start)]
    if status is not LicenceStatus.ISSUED:
        steps.append(StatusChange(status=status, effective_at=start))
    return Authorisation(
        ref="FED/1",
        revision=1,
        licence=LicenceRef("VL/2026/000123"),
        kind=kind,
        issued_by="BE-FED",
        valid_from=start.date(),
        valid_to=valid_to,
        time_zone="Europe/Brussels",
        statuses=tuple(steps),
        changed_at=start,
    )


@pytest.mark.parametrize(
    ("valid_to", "status", "live"),
    [
        (None, LicenceStatus.ISSUED, True),
        (date(2026, 4, 1), LicenceStatus.ISSUED, True),
        (date(2026, 3, 31), LicenceStatus.ISSUED, False),
        (None, LicenceStatus.SUSPENDED, False),
        (None, LicenceStatus.REVOKED, False),
    ],
)
def test_a_leg_stands_while_it_is_in_force(valid_to: date | None, status: LicenceStatus, live: bool) -> None:  # noqa: FBT001 - a case
    body = changed(LICENCE, requires={"federal_authorisation": True, "state_guarantee": True})
    licence = LicenceBody.model_validate(body).revision_of(1, "Europe/Brussels", (), NOW)
    entered = an_authorisation(AuthorisationKind.FEDERAL_AUTHORISATION, valid_to, status)
    federal, certificate, guarantee = legs_view(legs(licence, [entered]), NOW)
    assert (federal["required"], federal["live"]) == (True, live)
    assert [one["ref"] for one in federal["entered"]] == ["FED/1"]
    assert (certificate["required"], guarantee["required"], guarantee["live"]) == (False, True, False)


def test_nobody_knows_what_is_required_before_the_licence_is_entered() -> None:
    assert [leg["required"] for leg in legs_view(legs(None, []), NOW)] == [None, None, None]
