"""Each rule broken once: a draw that its licence does not cover, whatever its balance."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal

from services.core.values import LicenceRef
from services.simulator.declarations import Document, Format, Item
from services.simulator.desk import Desk, Otherwise, Shipment, StoryPlan, licensed_item
from services.simulator.licences import Licence
from services.simulator.parties import HOLDERS, UNKNOWN_CONSIGNEE
from services.simulator.steps import Story

ON = datetime(2026, 4, 14, 8, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Breach:
    """What is wrong with a shipment that is otherwise in order: its circumstances or its document."""

    codes: tuple[str, ...]
    format: Format
    otherwise: Otherwise
    document: Callable[[Document], Document] | None = None
    commodity_code: str | None = None


def rules(desk: Desk) -> Iterator[Story]:
    licence = desk.licence("rules")
    for number, breach in enumerate(_breaches(licence)):
        yield _broken(desk, licence, breach, number)
    yield from _not_valid(desk)
    yield _unknown(desk)
    yield _no_line_stated(desk)
    yield _issued_late(desk)
    yield _half_refused(desk)
    yield from _released_in_spite(desk, licence)


def _breaches(licence: Licence) -> Iterator[Breach]:
    stranger = next(holder for holder in HOLDERS if holder != licence.holder)
    wrong_consignee: Otherwise = {"consignee": UNKNOWN_CONSIGNEE, "destination": licence.destinations[0]}
    yield Breach(("exporter.mismatch",), Format.AES, {"exporter": stranger})
    yield Breach(("exporter.mismatch",), Format.WCO, {"exporter": stranger})
    yield Breach(("consignee.mismatch",), Format.AES, wrong_consignee)
    yield Breach(("consignee.mismatch",), Format.JSON, wrong_consignee)
    yield Breach(("destination.mismatch",), Format.WCO, {"destination": "PK"})
    yield Breach(("destination.mismatch",), Format.JSON, {"destination": "IR"})
    yield Breach(("consignee.mismatch", "destination.mismatch"), Format.AES, {"consignee": UNKNOWN_CONSIGNEE})
    yield Breach(("commodity.mismatch",), Format.AES, {}, commodity_code="72189999")
    yield Breach(("commodity.mismatch",), Format.WCO, {}, commodity_code="84798997")
    yield Breach(("procedure.not-covered",), Format.AES, {"procedure": "21"})
    yield Breach(("procedure.not-covered",), Format.JSON, {"procedure": "31"})
    yield Breach(("unit.mismatch",), Format.JSON, {}, lambda d: replace(d, unit="NAR"))
    yield Breach(("unit.mismatch",), Format.WCO, {}, lambda d: replace(d, unit="KGM#G"))
    yield Breach(("unit.mismatch",), Format.AES, {}, lambda d: replace(d, unit="KGM#E", quantity=Decimal(900_000)))
    yield Breach(("currency.mismatch",), Format.AES, {}, lambda d: replace(d, currency="USD"))
    yield Breach(("currency.mismatch",), Format.JSON, {}, lambda d: replace(d, currency="GBP"))
    yield Breach(
        ("unit.mismatch", "currency.mismatch"), Format.WCO, {}, lambda d: replace(d, unit="NAR", currency="USD")
    )
    yield Breach(("write-off.missing",), Format.WCO, {}, lambda d: replace(d, quantity=None, unit=None))
    yield Breach(("write-off.missing",), Format.AES, {}, lambda d: replace(d, amount=None, currency=None))
    yield Breach(("licence.line-unknown",), Format.JSON, {}, lambda d: replace(d, line=9))


def _broken(desk: Desk, licence: Licence, breach: Breach, number: int) -> Story:
    story = StoryPlan(desk, f"rule-{number}-{breach.codes[0]}")
    item = licensed_item(licence, Decimal(desk.random.randrange(100, 900)))
    if breach.document is not None:
        item = replace(item, documents=(breach.document(item.documents[0]), *item.documents[1:]))
    if breach.commodity_code is not None:
        item = replace(item, commodity_code=breach.commodity_code)
    made = story.under(breach.format, licence, item, **breach.otherwise).lodge().refused(*breach.codes)
    if breach.format is not Format.WCO:
        made.settle("refused").refuse_release()
    return story.finished()


def _not_valid(desk: Desk) -> Iterator[Story]:
    """Suspended, revoked, exhausted, expired, not yet valid: each by the day of acceptance."""
    for place, key in enumerate(("suspended", "revoked", "exhausted", "expired", "not-yet-valid")):
        licence = desk.licence(key)
        format_ = (Format.AES, Format.WCO, Format.JSON)[place % 3]
        story = StoryPlan(desk, f"not-valid-{key}")
        made = story.under(format_, licence, licensed_item(licence, 1), accepted_at=ON).lodge()
        made.refused("licence.not-valid")
        if format_ is Format.AES:
            made.settle("refused").refuse_release("licence not valid")
        yield story.finished()


def _unknown(desk: Desk) -> Story:
    """A licence nobody ever issued."""
    licence = desk.licence("rules")
    story = StoryPlan(desk, "unknown-licence")
    item = _citing(licensed_item(licence, 75), LicenceRef(f"VL/2024/{desk.seed % 1000:03d}999"))
    story.under(Format.WCO, licence, item).lodge().refused("licence.unknown")
    return story.finished()


def _no_line_stated(desk: Desk) -> Story:
    """WCO cannot state a line, and this licence has two."""
    two = desk.licence("two-lines")
    story = StoryPlan(desk, "no-line-stated")
    story.under(Format.WCO, two, licensed_item(two, 1)).lodge().refused("licence.line-unknown")
    return story.finished()


def _issued_late(desk: Desk) -> Story:
    """Declared before the authority has published the licence: refused, and covered as soon as it has."""
    licence = desk.licence("issued-late")
    story = StoryPlan(desk, "issued-late")
    made = story.under(Format.AES, licence, licensed_item(licence, 4)).lodge().settle("refused")
    story.issue(licence)
    made.settle().release().leave().covered(*made.held(exited=True)).alerted("licence.unknown")
    return story.finished()


def _half_refused(desk: Desk) -> Story:
    """One item covered and holding its amount, the other refused: the declaration is refused."""
    two = desk.licence("two-lines")
    story = StoryPlan(desk, "half-refused")
    good, bad = licensed_item(two, 1), licensed_item(two, 2, line=2, number=2)
    made = story.under(Format.JSON, two, good, replace(bad, commodity_code="39269097")).lodge()
    made.refused("commodity.mismatch", holds=made.held()[:1])
    return story.finished()


def _released_in_spite(desk: Desk, licence: Licence) -> Iterator[Story]:
    """Released though refused. Facts win where line, unit, currency and holder agree; else the columns stay."""
    story = StoryPlan(desk, "released-to-another-country")
    made = _settled(story.under(Format.AES, licence, licensed_item(licence, 120), destination="PK")).release()
    made.refused("destination.mismatch", "released.uncovered", holds=made.held(consumed=True))
    yield story.finished()

    stranger = next(holder for holder in HOLDERS if holder != licence.holder)
    story = StoryPlan(desk, "released-for-a-stranger")
    made = _settled(story.under(Format.JSON, licence, licensed_item(licence, 130), exporter=stranger)).release()
    made.refused("exporter.mismatch", "released.uncovered")
    yield story.finished()


def _settled(shipment: Shipment) -> Shipment:
    return shipment.lodge().settle("refused")


def _citing(item: Item, reference: LicenceRef) -> Item:
    return replace(item, documents=(replace(item.documents[0], reference=reference), *item.documents[1:]))
