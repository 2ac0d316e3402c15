"""Licences and demands with one interesting field: everything else is plausible and the same every time."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from services.core.messages import (
    Authorisation,
    AuthorisationKind,
    Basis,
    Demand,
    Draw,
    Licence,
    LicenceLine,
    LicenceStatus,
    LicenceType,
    Party,
    Phase,
    Requirements,
    Source,
    StatusChange,
)
from services.core.values import CommodityCode, CountryCode, Currency, Eori, LicenceRef, Mrn, Unit

REF = LicenceRef("VL/2026/000123")
ACCEPTED_AT = datetime(2026, 3, 2, 8, 15, tzinfo=UTC)
HOLDER = Party(name="Persbouw NV", eori=Eori("BE0314595348"), country=CountryCode("BE"))
BUYER = Party(name="Bharat Forge Works Ltd", country=CountryCode("IN"))


def mrn(number: int) -> Mrn:
    """A different MRN for each number below a million."""
    return Mrn(f"26BE343000{number:06d}A1")


def later(minutes: float) -> datetime:
    """A moment that many minutes after acceptance."""
    return ACCEPTED_AT + timedelta(minutes=minutes)


def a_status(status: LicenceStatus, effective_at: datetime = ACCEPTED_AT) -> StatusChange:
    return StatusChange(status=status, effective_at=effective_at)


ISSUED = a_status(LicenceStatus.ISSUED, datetime(2026, 1, 15, tzinfo=UTC))


def a_line(
    number: int = 1,
    basis: Basis = Basis.BOTH,
    quantity: str | None = "2",
    unit: str | None = "NAR",
    value: str | None = "250000.00",
    currency: str | None = "EUR",
    commodity_codes: tuple[str, ...] = ("847983",),
) -> LicenceLine:
    """A line for two isostatic presses of 250 000 euro together."""
    return LicenceLine(
        line=number,
        description="isostatic press",
        control_code="2B204",
        commodity_codes=tuple(CommodityCode(code) for code in commodity_codes),
        basis=basis,
        quantity=None if quantity is None else Decimal(quantity),
        unit=None if unit is None else Unit(unit),
        value=None if value is None else Decimal(value),
        currency=None if currency is None else Currency(currency),
    )


_LICENCE = Licence(
    ref=REF,
    revision=1,
    type=LicenceType.INDIVIDUAL,
    authority="BE-VLG",
    holder=HOLDER,
    consignees=(BUYER,),
    destinations=(CountryCode("IN"),),
    procedures=("10",),
    valid_from=date(2026, 1, 15),
    valid_to=date(2028, 1, 14),
    time_zone="Europe/Brussels",
    requires=Requirements(federal_authorisation=False, end_use_certificate=False, state_guarantee=False),
    lines=(a_line(),),
    statuses=(ISSUED,),
    changed_at=datetime(2026, 1, 15, tzinfo=UTC),
)


def a_licence(*lines: LicenceLine, **changes: Any) -> Licence:
    """A valid licence to India with these lines, or one line for two presses; `changes` are fields of the message."""
    return replace(_LICENCE, lines=lines or _LICENCE.lines, **changes)


_AUTHORISATION = Authorisation(
    ref="FED/2026/9",
    revision=1,
    licence=REF,
    kind=AuthorisationKind.FEDERAL_AUTHORISATION,
    issued_by="BE-FED",
    valid_from=date(2026, 1, 15),
    valid_to=date(2026, 12, 31),
    time_zone="Europe/Brussels",
    statuses=(ISSUED,),
    changed_at=datetime(2026, 1, 15, tzinfo=UTC),
)


def an_authorisation(**changes: Any) -> Authorisation:
    """A federal authorisation of all that `a_licence()` allows; `changes` are fields of the message."""
    return replace(_AUTHORISATION, **changes)


_DRAW = Draw(
    item=1,
    line=1,
    document_types=("X060",),
    commodity_code=CommodityCode("84798300"),
    description="isostatic press",
    procedure="10",
    consignee=BUYER,
    destination=CountryCode("IN"),
    quantity=Decimal(1),
    units=(Unit("NAR"),),
    amount=Decimal("100000.00"),
    currencies=(Currency("EUR"),),
)


def a_draw(quantity: str | None = "1", amount: str | None = "100000.00", **changes: Any) -> Draw:
    """One press of 100 000 euro, covered by `a_licence()`; `changes` are fields of the message."""
    figures = {
        "quantity": None if quantity is None else Decimal(quantity),
        "amount": None if amount is None else Decimal(amount),
    }
    return replace(_DRAW, **{**figures, **changes})


def a_source(message_id: str = "m-1") -> Source:
    return Source(
        message_id=message_id, party="BE.CUSTOMS", kind="declaration", sha256="ab" * 32, received_at=ACCEPTED_AT
    )


_DEMAND = Demand(
    mrn=mrn(1),
    licence=REF,
    revision=1,
    version=1,
    phase=Phase.ACCEPTED,
    final_exit=False,
    accepted_at=ACCEPTED_AT,
    occurred_at=ACCEPTED_AT,
    exporter=HOLDER,
    draws=(_DRAW,),
    sources=(a_source(),),
)


def a_demand(*draws: Draw, **changes: Any) -> Demand:
    """The first demand of an accepted shipment for these draws, or one press; `changes` are fields of the message."""
    return replace(_DEMAND, draws=draws or _DEMAND.draws, **changes)
