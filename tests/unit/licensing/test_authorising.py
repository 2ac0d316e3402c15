"""The life of what stands beside a licence."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from services.core.errors import Refused
from services.core.messages import Authorisation, AuthorisationKind, Change, LicenceStatus, StatusChange
from services.core.values import LicenceRef
from services.licensing.adapters.authorisation_bodies import DocumentBody, FederalAuthorisationBody
from services.licensing.domain.authorising import (
    ChangeAuthorisation,
    EnterAuthorisation,
    Kept,
    Place,
    change,
    enter,
)

NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


def an_authorisation() -> Authorisation:
    return Authorisation(
        ref="FED/2026/9",
        revision=1,
        licence=LicenceRef("VL/2026/000123"),
        kind=AuthorisationKind.FEDERAL_AUTHORISATION,
        issued_by="BE-FED",
        valid_from=date(2026, 1, 15),
        time_zone="Europe/Brussels",
        statuses=(StatusChange(status=LicenceStatus.ISSUED, effective_at=NOW - timedelta(days=30)),),
        changed_at=NOW,
    )


def kept() -> Kept:
    return Kept(an_authorisation(), an_authorisation())


def a_step(
    status: LicenceStatus, actor: str | None = None, expected: frozenset[int] | None = None
) -> ChangeAuthorisation:
    place = Place(AuthorisationKind.FEDERAL_AUTHORISATION, "", "FED/2026/9")
    return ChangeAuthorisation(place, status, "inspection", NOW, actor, None, expected, NOW)


def test_the_same_again_is_a_repeat_though_it_was_revoked_since() -> None:
    revoked = change(kept(), a_step(LicenceStatus.REVOKED)).state
    again = replace(an_authorisation(), changed_at=NOW + timedelta(days=3))
    assert enter(revoked, EnterAuthorisation(again)).outputs == ()


def test_other_content_under_a_known_reference_is_refused() -> None:
    with pytest.raises(Refused) as refused:
        enter(kept(), EnterAuthorisation(replace(an_authorisation(), licence=LicenceRef("VL/2026/000124"))))
    assert refused.value.status == 409


def test_one_that_arrives_suspended_was_issued_before() -> None:
    step = StatusChange(status=LicenceStatus.SUSPENDED, effective_at=NOW)
    (made,) = enter(None, EnterAuthorisation(an_authorisation(), step)).outputs
    assert isinstance(made, Authorisation)
    assert [each.status for each in made.statuses] == [LicenceStatus.ISSUED, LicenceStatus.SUSPENDED]


def test_a_step_says_who_took_it() -> None:
    made = change(kept(), a_step(LicenceStatus.REVOKED, "minister")).state.current
    assert (made.revision, made.change) == (2, Change(actor="minister", reason="inspection", effective_at=NOW))


def test_a_step_from_a_status_that_ended_is_refused() -> None:
    revoked = change(kept(), a_step(LicenceStatus.REVOKED)).state
    with pytest.raises(Refused) as refused:
        change(revoked, a_step(LicenceStatus.REINSTATED))
    assert (refused.value.status, refused.value.faults[0].code) == (409, "illegal-step")


def test_a_step_on_an_outdated_revision_is_refused_but_its_repeat_is_not() -> None:
    suspended = change(kept(), a_step(LicenceStatus.SUSPENDED, expected=frozenset({1}))).state
    assert change(suspended, a_step(LicenceStatus.SUSPENDED, expected=frozenset({1}))).outputs == ()
    with pytest.raises(Refused) as refused:
        change(suspended, a_step(LicenceStatus.REVOKED, expected=frozenset({1})))
    assert refused.value.status == 412


def test_goods_are_entries_of_the_control_list_in_either_form() -> None:
    body = {
        "ref": "F/1",
        "licence": "VL/1",
        "goods": ["0B001", {"control_code": "0A001.a"}],
        "valid_from": "2026-01-15",
    }
    made = FederalAuthorisationBody.model_validate(body).entered("Europe/Brussels", NOW).authorisation
    assert made.items == ("0A001.a", "0B001")
    assert (made.issued_by, made.kind) == ("BE-FED", AuthorisationKind.FEDERAL_AUTHORISATION)


def test_a_quantity_needs_its_unit_and_a_term_its_order() -> None:
    body = {"kind": "state-guarantee", "ref": "G/1", "issued_by": "Government of India", "quantity": "0"}
    faults = DocumentBody.model_validate({**body, "valid_from": "2026-02-01", "valid_to": "2026-01-01"}).faults()
    assert {fault.code for fault in faults} == {"before-valid-from", "quantity-not-positive", "unit-missing"}


def test_documents_of_two_licences_under_one_reference_are_two_messages() -> None:
    certificate = replace(an_authorisation(), kind=AuthorisationKind.END_USE_CERTIFICATE)
    other = replace(certificate, licence=LicenceRef("VL/2026/000124"))
    assert certificate.identity != other.identity


def test_whose_token_was_shown_stands_beside_the_actor_or_in_his_place() -> None:
    for actor, told in (("minister", "minister"), (None, an_authorisation().issued_by)):
        asked = replace(a_step(LicenceStatus.REVOKED, actor), party="CANVEK")
        made = change(kept(), asked).state.current.change
        assert made is not None
        assert (made.actor, made.party) == (told, "CANVEK")
