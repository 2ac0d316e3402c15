"""What a shipment asks of each licence it cites or ever cited.

A demand follows from the facts alone, never from a cover: were it to depend on an answer, two licences of one shipment
could answer each other's answers for ever.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from decimal import Decimal
from operator import attrgetter

from services.core.messages import (
    DeclarationForm,
    Demand,
    Document,
    Draw,
    GoodsExited,
    Item,
    LicenceDemand,
    Shipment,
    Stage,
)
from services.core.values import ZERO, LicenceRef, Mrn
from services.reconciliation.domain.codes import AsOf, Codes
from services.reconciliation.domain.declaration import Declaration, licences_ever_cited
from services.reconciliation.domain.departure import Share, in_unit, nothing_left, what_left
from services.reconciliation.domain.phase import Standing

NO_LINE = 0
AFTER_REPAIR = "X063"
"""Document type of EU003: the declaration names the licence that goods left under before their repair."""


@dataclass(frozen=True, slots=True)
class Citation:
    """A draw and the licence it is on."""

    licence: LicenceRef
    draw: Draw


def citations(
    declaration: Declaration, codes: AsOf, exited: GoodsExited | None = None, *, final: bool = True
) -> tuple[Citation, ...]:
    """All draws of a declaration, and what left of each once goods left: by item, then as its documents cite lines.

    Of a part that left without any figures nothing is known to have left, until the last part has.
    """
    totals = {total.item: total for total in exited.items} if exited else {}
    cited: list[Citation] = []
    for item in declaration.items:
        documents = [d for d in item.documents if codes.cites_a_licence(d.type)]
        if not documents:
            continue
        places = _places(documents)
        shares = _shares(documents, places.values(), codes)
        untold = exited is not None and not exited.items and not final
        left = nothing_left(shares) if untold else what_left(shares, totals.get(item.item), codes) if exited else []
        for (licence, line), numbers in places.items():
            types = {documents[n].type for n in numbers}
            draw = _draw(item, line, types, [shares[n] for n in numbers], declaration)
            if AFTER_REPAIR in types:
                draw = replace(draw, named=tuple(sorted({d.reference for d in item.documents} - {licence})))
            cited.append(Citation(licence, _with_what_left(draw, [left[n] for n in numbers]) if left else draw))
    return tuple(cited)


def _places(documents: Sequence[Document]) -> dict[tuple[LicenceRef, int], list[int]]:
    """The numbers of the documents on each licence line, in the order the lines are first cited."""
    places: dict[tuple[LicenceRef, int], list[int]] = {}
    for number, document in enumerate(documents):
        place = (LicenceRef(document.reference), document.line or NO_LINE)
        places.setdefault(place, []).append(number)
    return places


def _shares(documents: Sequence[Document], places: Iterable[list[int]], codes: AsOf) -> list[Share]:
    """What each document writes off; those on one line in the unit of the first, when all convert exactly."""
    shares = [Share(d.quantity, d.unit, d.amount, d.currency) for d in documents]
    for numbers in places:
        if len(numbers) == 1:
            continue
        units = [shares[n].unit for n in numbers if shares[n].quantity is not None]
        if len(set(units)) > 1 and units[0] is not None:
            moved = [in_unit(shares[n], units[0], codes) for n in numbers]
            if all(q is not None or shares[n].quantity is None for n, q in zip(numbers, moved, strict=True)):
                for n, quantity in zip(numbers, moved, strict=True):
                    shares[n] = replace(shares[n], quantity=quantity, unit=units[0])
    return shares


def _draw(item: Item, line: int, types: Iterable[str], shares: Sequence[Share], declaration: Declaration) -> Draw:
    return Draw(
        item=item.item,
        line=line,
        document_types=tuple(sorted(types)),
        commodity_code=item.commodity_code,
        description=item.description,
        procedure=item.procedure,
        consignee=item.consignee or declaration.stated.consignee,
        destination=item.destination or declaration.stated.country_of_destination,
        quantity=_sum(share.quantity for share in shares),
        units=tuple(sorted({s.unit for s in shares if s.unit is not None and s.quantity is not None})),
        amount=_sum(share.amount for share in shares),
        currencies=tuple(sorted({s.currency for s in shares if s.currency is not None and s.amount is not None})),
    )


def _with_what_left(draw: Draw, left: Sequence[Share]) -> Draw:
    quantity, amount = _sum(share.quantity for share in left), _sum(share.amount for share in left)
    return replace(draw, exited_quantity=quantity, exited_amount=amount)


def _sum(figures: Iterable[Decimal | None]) -> Decimal | None:
    """None when none is stated."""
    stated = [figure for figure in figures if figure is not None]
    return sum(stated, ZERO) if stated else None


def demands(
    shipment: Shipment, declaration: Declaration, stands: Standing, stage: Stage, codes: Codes
) -> tuple[tuple[LicenceDemand, ...], list[Demand]]:
    """The shipment's licences with what it now asks of each ever cited, sorted; and the demands that are new.

    One that says nothing new keeps its revision.
    """
    licences = sorted(licences_ever_cited(shipment, declaration.accepted_at, codes))
    if not licences:
        return (), []
    exited = stands.fact if isinstance(stands.fact, GoodsExited) else None
    cited = citations(declaration, codes.as_of(declaration.accepted_at), exited, final=stands.final)
    held = {known.demand.licence: known for known in shipment.licences}
    asked: list[LicenceDemand] = []
    changed: list[Demand] = []
    for licence in licences:
        known = held.get(licence)
        draws = [c.draw for c in cited if c.licence == licence]
        demand = _demand(declaration, stands, licence, draws, known.demand.revision + 1 if known else 1)
        if stage is Stage.LODGED:
            demand = replace(demand, pre_lodged=True)
        if known and content(known.demand) == content(demand):
            asked.append(known)
        else:
            asked.append(LicenceDemand(demand=demand, cover=known.cover if known else None))
            changed.append(demand)
    return tuple(asked), changed


def _demand(
    declaration: Declaration,
    stands: Standing,
    licence: LicenceRef,
    draws: list[Draw],
    revision: int,
) -> Demand:
    return Demand(
        mrn=declaration.stated.mrn,
        licence=licence,
        revision=revision,
        version=declaration.version,
        phase=stands.phase,
        final_exit=stands.final,
        accepted_at=declaration.accepted_at,
        occurred_at=stands.occurred_at or declaration.accepted_at,
        exporter=declaration.stated.exporter,
        draws=tuple(sorted(draws, key=lambda d: (d.item, d.line))),
        sources=declaration.sources + (stands.fact.sources if stands.fact else ()),
        judged_at=_judged_at(declaration, stands),
        completes=_completes(declaration) if draws else (),
    )


def _judged_at(declaration: Declaration, stands: Standing) -> datetime | None:
    """Goods that were declared after they left: the licence must have been valid when they did, not at acceptance.

    Impl. Reg. (EU) 2015/2447 art. 337.
    """
    if declaration.stated.form is not DeclarationForm.RETROSPECTIVE or not isinstance(stands.fact, GoodsExited):
        return None
    return stands.fact.exited_at


def _completes(declaration: Declaration) -> tuple[Mrn, ...]:
    """The declarations whose draws these stand in for; never its own. Without draws it stands in for nothing."""
    stated = declaration.stated
    if stated.form is not DeclarationForm.SUPPLEMENTARY:
        return ()
    return tuple(sorted(set(stated.completes) - {stated.mrn}))


content = attrgetter(*(field.name for field in fields(Demand) if field.name not in ("revision", "sources")))
"""What makes a new revision: everything but the revision and the messages it rests on."""
