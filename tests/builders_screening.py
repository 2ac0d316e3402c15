"""Shipments beside what was refused: the press of 2017, and a list on which it stands."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from services.core.messages import (
    Denial,
    EndUser,
    Party,
    Refusal,
    RefusedGoods,
    Resemblance,
    Screening,
)
from services.core.values import CommodityCode, CountryCode, Currency, Eori, Mrn
from services.reconciliation.domain.watch_list import WatchList, empty_list
from services.reconciliation.handlers.screening import ALONE, screen
from services.reconciliation.topology import SCREENING_HANDLERS
from tests.builders import ACCEPTED_AT
from tests.builders_customs import a_document, an_item

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
INDIA = CountryCode("IN")
REFUSED_APPLICANT = Party(name="Rupel Press Works NV", eori=Eori("BE0311111111"), country=CountryCode("BE"))
END_USER = EndUser(name="Vindhya Aviation, Space & Defence Group", country=INDIA)
PRESS = RefusedGoods(
    description="Isostatic presses, inner diameter > 152 mm",
    control_code="2B204",
    commodity_codes=(CommodityCode("847983"),),
    value=Decimal(1_150_000),
    currency=Currency("EUR"),
)


def a_refusal(**changes: Any) -> Refusal:
    """That of 2017."""
    refused = Refusal(
        ref="REF/2017/10",
        revision=1,
        authority="BE-VLG",
        decided_at=date(2017, 12, 31),
        applicant=REFUSED_APPLICANT,
        end_users=(END_USER,),
        destination=INDIA,
        grounds=("no-federal-authorisation", "end-use", "diversion-risk"),
        goods=(PRESS,),
        changed_at=NOW,
    )
    return replace(refused, **changes)


def a_screening(
    consignee: str = END_USER.name,
    country: str = "IN",
    *,
    goods: tuple[str, str] = ("84798300", "Isostatic press, chamber 180 mm"),
    licence: str | None = None,
    exporter: Party = REFUSED_APPLICANT,
    destination: str | None = None,
    transliteration: str | None = None,
) -> Screening:
    """Of one item, to `country` unless the goods go elsewhere."""
    code, description = goods
    documents = () if licence is None else (a_document(licence),)
    item = replace(an_item(*documents, commodity_code=code), description=description)
    return Screening(
        mrn=Mrn("26BE343000000001A1"),
        revision=1,
        accepted_at=ACCEPTED_AT,
        exporter=exporter,
        consignee=Party(name=consignee, country=CountryCode(country), transliteration=transliteration),
        country_of_destination=CountryCode(destination or country),
        items=(item,),
    )


def listing(*contents: Refusal | Denial) -> WatchList:
    """A partition's list with these on it."""
    state = empty_list(ALONE[0])
    for content in contents:
        state = SCREENING_HANDLERS[type(content)](state, content, NOW).state
    return state


def found(asked: Screening, *contents: Refusal | Denial) -> list[Resemblance]:
    """What a shipment resembles."""
    outputs = screen(listing(*contents), asked, NOW).outputs
    return [one for one in outputs if isinstance(one, Resemblance)]
