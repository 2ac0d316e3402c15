"""Facts of customs with one interesting field; everything else is plausible and covered by `builders.a_licence()`."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from services.core.messages import (
    ArrivedAtExit,
    DeclarationAccepted,
    DeclarationAmended,
    DeclarationInvalidated,
    Document,
    DocumentAmendment,
    ExitItem,
    ExitReleased,
    ExitResult,
    ExitStopped,
    GoodsExited,
    GoodsPresented,
    GoodsReleased,
    Item,
    ItemAmendment,
    ReleaseOverridden,
    ReleaseRefused,
    Source,
)
from services.core.values import CommodityCode, CountryCode, Currency, Mrn, Unit
from tests.builders import ACCEPTED_AT, BUYER, HOLDER, REF

MRN = Mrn("26BE343000000001A1")
LICENCE = REF


def hours(count: float) -> datetime:
    """A moment that many hours after acceptance."""
    return ACCEPTED_AT + timedelta(hours=count)


def a_source(message_id: str) -> Source:
    return Source(
        message_id=message_id, party="BE.CUSTOMS", kind="declaration", sha256="ab" * 32, received_at=ACCEPTED_AT
    )


def a_document(
    reference: str = LICENCE,
    *,
    document_type: str = "X060",
    line: int | None = 1,
    quantity: str | None = "1",
    unit: str | None = "NAR",
    amount: str | None = "100000.00",
    currency: str | None = "EUR",
) -> Document:
    return Document(
        type=document_type,
        reference=reference,
        line=line,
        quantity=None if quantity is None else Decimal(quantity),
        unit=None if unit is None or quantity is None else Unit(unit),
        amount=None if amount is None else Decimal(amount),
        currency=None if currency is None or amount is None else Currency(currency),
    )


def an_item(*documents: Document, item: int = 1, commodity_code: str = "84798300") -> Item:
    return Item(
        item=item,
        commodity_code=CommodityCode(commodity_code),
        description="isostatic press",
        procedure="10",
        net_mass_kg=Decimal("1200.000"),
        statistical_value=Decimal("100000.00"),
        documents=documents,
    )


def a_declaration(
    *items: Item,
    version: int = 1,
    fact_id: str | None = None,
    accepted_at: datetime = ACCEPTED_AT,
    amended_at: datetime | None = None,
    destination: str = "IN",
    mrn: str = MRN,
    **changes: Any,
) -> DeclarationAccepted:
    """Without items: one item that draws one press on line 1 of `LICENCE`; `changes` are other fields."""
    fact_id = fact_id or f"accepted-{version}"
    return DeclarationAccepted(
        fact_id=fact_id,
        mrn=Mrn(mrn),
        sources=(a_source(fact_id),),
        lrn="ANR-2026-77",
        version=version,
        accepted_at=accepted_at,
        amended_at=amended_at,
        office_of_export="BE343000",
        procedure="10",
        exporter=HOLDER,
        consignee=BUYER,
        country_of_destination=CountryCode(destination),
        items=items or (an_item(a_document()),),
        **changes,
    )


def an_amendment(
    *documents: DocumentAmendment,
    fact_id: str = "amended",
    after_h: float = 1,
    item: int = 1,
    commodity_code: str | None = None,
    mrn: str = MRN,
) -> DeclarationAmended:
    """A delta on one item."""
    code = None if commodity_code is None else CommodityCode(commodity_code)
    change = ItemAmendment(item=item, commodity_code=code, documents=documents)
    return DeclarationAmended(
        fact_id=fact_id, mrn=Mrn(mrn), sources=(a_source(fact_id),), amended_at=hours(after_h), items=(change,)
    )


def a_replacement(document: Document, position: int | None = None) -> DocumentAmendment:
    return DocumentAmendment(position=position, document=document)


def a_release(*, fact_id: str = "released", after_h: float = 2, mrn: str = MRN) -> GoodsReleased:
    return GoodsReleased(fact_id=fact_id, mrn=Mrn(mrn), sources=(a_source(fact_id),), released_at=hours(after_h))


def a_refusal(*, fact_id: str = "not-released", after_h: float = 2, mrn: str = MRN) -> ReleaseRefused:
    return ReleaseRefused(
        fact_id=fact_id, mrn=Mrn(mrn), sources=(a_source(fact_id),), decided_at=hours(after_h), reason="papers missing"
    )


def an_invalidation(*, fact_id: str = "invalidated", after_h: float = 4, mrn: str = MRN) -> DeclarationInvalidated:
    return DeclarationInvalidated(
        fact_id=fact_id, mrn=Mrn(mrn), sources=(a_source(fact_id),), invalidated_at=hours(after_h)
    )


def an_exit(
    *totals: ExitItem,
    fact_id: str = "exited",
    after_h: float = 30,
    result: ExitResult = ExitResult.A1,
    final: bool = True,
    mrn: str = MRN,
    **changes: Any,
) -> GoodsExited:
    """Without totals: everything left as declared; `changes` are other fields."""
    return GoodsExited(
        fact_id=fact_id,
        mrn=Mrn(mrn),
        sources=(a_source(fact_id),),
        exited_at=hours(after_h),
        result=result,
        final=final,
        office_of_exit="BE101000",
        items=totals,
        **changes,
    )


def a_presentation(*, fact_id: str = "presented", after_h: float = 1, mrn: str = MRN) -> GoodsPresented:
    return GoodsPresented(fact_id=fact_id, mrn=Mrn(mrn), sources=(a_source(fact_id),), presented_at=hours(after_h))


def an_override(*, fact_id: str = "overridden", after_h: float = 2, mrn: str = MRN) -> ReleaseOverridden:
    return ReleaseOverridden(
        fact_id=fact_id,
        mrn=Mrn(mrn),
        sources=(a_source(fact_id),),
        decided_at=hours(after_h),
        officer="officer 17",
        reason="the original was seen",
    )


def an_arrival(
    *, fact_id: str = "arrived", after_h: float = 20, office: str = "BE101000", mrn: str = MRN
) -> ArrivedAtExit:
    return ArrivedAtExit(
        fact_id=fact_id, mrn=Mrn(mrn), sources=(a_source(fact_id),), arrived_at=hours(after_h), office_of_exit=office
    )


def an_exit_release(
    *, fact_id: str = "exit-released", after_h: float = 22, office: str = "BE101000", mrn: str = MRN
) -> ExitReleased:
    return ExitReleased(
        fact_id=fact_id, mrn=Mrn(mrn), sources=(a_source(fact_id),), released_at=hours(after_h), office_of_exit=office
    )


def an_exit_stop(
    *, fact_id: str = "exit-stopped", after_h: float = 22, office: str = "BE101000", mrn: str = MRN
) -> ExitStopped:
    return ExitStopped(
        fact_id=fact_id,
        mrn=Mrn(mrn),
        sources=(a_source(fact_id),),
        stopped_at=hours(after_h),
        office_of_exit=office,
        reason="seal broken",
    )


def a_total(item: int = 1, quantity: str | None = None, amount: str | None = None) -> ExitItem:
    return ExitItem(
        item=item,
        quantity=None if quantity is None else Decimal(quantity),
        amount=None if amount is None else Decimal(amount),
    )
