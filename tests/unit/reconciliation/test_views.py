"""What the HTTP answers look like."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from services.core.message import plain
from services.core.messages import (
    Amounts,
    Basis,
    Comparison,
    DrawVerdict,
    Entry,
    EntryCause,
    EntryRef,
    Finding,
    HeldDraw,
    HeldShipment,
    Ledger,
    Licence,
    LicenceLine,
    LicenceStatus,
    LicenceType,
    LineBalance,
    Party,
    Requirements,
    Severity,
    StatusChange,
    Track,
)
from services.core.values import ZERO, CommodityCode, CountryCode, LicenceRef, Unit
from services.reconciliation.adapters.findings import identity_of
from services.reconciliation.adapters.views import entry_view, finding_view, json_value, ledger_view
from tests.builders import ACCEPTED_AT
from tests.builders_customs import MRN, a_declaration, a_source
from tests.builders_shipments import Way

REF = LicenceRef("VL/2026/000123")
TERMS = Licence(
    ref=REF,
    revision=1,
    type=LicenceType.INDIVIDUAL,
    authority="BE-VLG",
    holder=Party(name="Holder"),
    destinations=(CountryCode("IN"),),
    valid_from=date(2026, 1, 15),
    time_zone="Europe/Brussels",
    requires=Requirements(federal_authorisation=False, end_use_certificate=False, state_guarantee=False),
    lines=(
        LicenceLine(
            line=1,
            description="isostatic press",
            control_code="2B204",
            commodity_codes=(CommodityCode("847983"),),
            basis=Basis.QUANTITY,
            quantity=Decimal(2),
            unit=Unit("NAR"),
        ),
    ),
    statuses=(
        StatusChange(status=LicenceStatus.ISSUED, effective_at=datetime(2026, 1, 15, tzinfo=UTC)),
        StatusChange(status=LicenceStatus.SUSPENDED, effective_at=datetime(2026, 6, 1, tzinfo=UTC)),
    ),
    changed_at=ACCEPTED_AT,
)
DEMAND = Way().told(a_declaration()).latest_demand()
HELD = HeldShipment(
    mrn=MRN,
    demand=DEMAND,
    arrival=1,
    cover_revision=1,
    draws=(
        HeldDraw(
            draw=DEMAND.draws[0],
            line=1,
            verdict=DrawVerdict.COVERED,
            listed_only=False,
            reserved_quantity=Decimal("1.000000"),
            reserved_value=ZERO,
            consumed_quantity=ZERO,
            consumed_value=ZERO,
            exited_quantity=ZERO,
            exited_value=ZERO,
        ),
    ),
)
BALANCE = LineBalance(
    line=1, quantity=Amounts(authorised=Decimal("2.500000"), reserved=Decimal(1), consumed=Decimal(3), exited=ZERO)
)


def a_ledger(**changes: Any) -> Ledger:
    fields: dict[str, Any] = {"terms": TERMS, "shipments": (HELD,), "balances": (BALANCE,), **changes}
    return Ledger(licence=REF, revision=7, hash="ff", arrivals=1, **fields)


def test_a_ledger_shows_its_columns_as_text_and_what_is_available() -> None:
    view = ledger_view(a_ledger(), ACCEPTED_AT)
    assert (view["ref"], view["revision"], view["status"]) == (REF, 7, "issued")
    assert view["lines"] == [
        {
            "line": 1,
            "basis": "quantity",
            "unit": "NAR",
            "currency": None,
            "quantity": {"authorised": "2.5", "reserved": "1", "consumed": "3", "exited": "0", "available": "-1.5"},
            "value": None,
        }
    ]


@pytest.mark.parametrize(
    ("basis", "figure", "shown"),
    [
        (Basis.QUANTITY, "2.5", ("2.5", "-1.5")),
        (Basis.VALUE, "2.5", ("2.5", "-1.5")),
        (Basis.VALUE, None, (None, None)),
        (Basis.OPEN, "2.5", (None, None)),
        (Basis.OPEN, None, (None, None)),
    ],
)
def test_where_nothing_says_how_much_there_is_no_authorised_and_no_available(
    basis: Basis, figure: str | None, shown: tuple[str | None, str | None]
) -> None:
    line = replace(TERMS.lines[0], basis=basis, quantity=None if figure is None else Decimal(figure))
    (view,) = ledger_view(a_ledger(terms=replace(TERMS, lines=(line,))), ACCEPTED_AT)["lines"]
    assert (view["quantity"]["authorised"], view["quantity"]["available"]) == shown
    assert (view["quantity"]["reserved"], view["quantity"]["consumed"], view["quantity"]["exited"]) == ("1", "3", "0")


def test_a_ledger_shows_the_status_in_force_now() -> None:
    assert ledger_view(a_ledger(), datetime(2026, 6, 2, tzinfo=UTC))["status"] == "suspended"


def test_a_ledger_shows_each_draw_with_what_it_holds() -> None:
    (draw,) = ledger_view(a_ledger(), ACCEPTED_AT)["draws"]
    assert (draw["mrn"], draw["item"], draw["line"]) == (MRN, 1, 1)
    assert (draw["phase"], draw["verdict"], draw["reasons"]) == ("accepted", "covered", [])
    assert draw["quantity"] == {"reserved": "1", "consumed": "0", "exited": "0"}


def test_a_licence_that_is_only_cited_is_unknown_and_has_no_lines() -> None:
    view = ledger_view(a_ledger(terms=None, balances=()), ACCEPTED_AT)
    assert (view["status"], view["lines"], len(view["draws"])) == ("unknown", [], 1)


def test_an_entry_is_shown_with_its_cause_and_everything_its_hash_covers() -> None:
    entry = Entry(
        licence=REF,
        revision=2,
        cause=EntryCause.DEMAND,
        cause_id="d1",
        recorded_at=ACCEPTED_AT,
        rule_set="rules-1",
        shipment=HELD,
        balances=(BALANCE,),
        previous_hash="aa",
        hash="bb",
    )
    view = entry_view(entry)
    assert view.keys() == plain(entry).keys()
    assert (view["cause"], view["recorded_at"], view["hash"]) == ("demand", "2026-03-02T08:15:00Z", "bb")
    assert view["balances"][0]["quantity"]["authorised"] == "2.5"
    assert view["shipment"]["demand"]["draws"][0]["quantity"] == "1"


def test_a_finding_is_shown_with_its_evidence() -> None:
    finding = a_finding()
    view = finding_view(finding)
    assert (view["code"], view["severity"], view["track"]) == ("quantity.overrun", "critical", "both")
    assert view["legal_basis_version"] == "2026-07-01"
    assert view["comparisons"] == [{"what": "quantity", "declared": "3 NAR", "licensed": "2 NAR"}]
    assert view["sources"][0]["message_id"] == "m-1"
    assert view["entry"] == {"licence": REF, "revision": 2, "hash": "bb"}


def test_times_keep_their_zone() -> None:
    assert json_value(datetime(2026, 3, 2, 9, 15, tzinfo=timezone(timedelta(hours=1)))) == "2026-03-02T09:15:00+01:00"


def test_a_finding_is_found_by_the_identity_it_is_stored_under() -> None:
    assert identity_of("f-1") == a_finding().identity


def a_finding() -> Finding:
    return Finding(
        id="f-1",
        subject=MRN,
        code="quantity.overrun",
        severity=Severity.CRITICAL,
        track=Track.BOTH,
        summary="more than licensed",
        legal_basis="Reg. (EU) 2021/821 art. 3",
        legal_basis_version=date(2026, 7, 1),
        rule="quantity.overrun@1",
        rule_set="rules-1",
        comparisons=(Comparison(what="quantity", declared="3 NAR", licensed="2 NAR"),),
        sources=(a_source("m-1"),),
        entry=EntryRef(licence=REF, revision=2, hash="bb"),
        raised_at=ACCEPTED_AT,
    )
