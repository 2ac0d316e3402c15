"""A WCO-DMS amendment (function 13, type COR): pointers say what changes, the declaration beside them what it is now.

Some senders give only what changes, others the whole declaration: what no pointer names is context, and changes
nothing. A pointer to a part that is read here but cannot be carried as a delta is refused; one to a part that has no
bearing on a licence is told as a warning; none is left out silently.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, TypeVar

from lxml import etree

from services.core.values import Mrn, parse_country
from services.customs.adapters.xml.formats import office, one_of
from services.customs.adapters.xml.reader import Reader
from services.customs.adapters.xml.wco_amended_items import CARRIED_OF_ITEM, items
from services.customs.adapters.xml.wco_declaration import BORDER_MODES, container, party
from services.customs.adapters.xml.wco_pointers import ITEM, Target, targets
from services.customs.domain.reading import Amendment

T = TypeVar("T")

EXPORTER: Final = "Exporter"
CONSIGNEE: Final = "GoodsShipment/Consignee"
DESTINATION: Final = "GoodsShipment/Destination/CountryCode"
EXIT_OFFICE: Final = "ExitOffice/ID"
BORDER_MODE: Final = "BorderTransportMeans/ModeCode"
CONTAINER: Final = "GoodsShipment/Consignment/ContainerCode"

CARRIED: Final = (EXPORTER, CONSIGNEE, DESTINATION, EXIT_OFFICE, BORDER_MODE, CONTAINER, *CARRIED_OF_ITEM)
NOT_CARRIED: Final = (
    "AcceptanceDateTime",
    "AdditionalDocument",
    "Declarant",
    "DeclarationOfficeID",
    "FunctionalReferenceID",
    "ID",
    "TypeCode",
    f"{ITEM}/SequenceNumeric",
)


@dataclass(frozen=True)
class _Delta:
    """The parts of the declaration itself that pointers name."""

    reader: Reader
    element: etree._Element
    named: Sequence[Target]

    def part(self, path: str, read: Callable[[str], T | None]) -> T | None:
        """What stands at a path, when a pointer names it or something in it; a fault when nothing stands there."""
        target = next((t for t in self.named if t.touches(path)), None)
        if target is None:
            return None
        if self.reader.child(self.element, path) is None:
            if not target.above(path):
                self.reader.fault(target.at, "amendment.deletion", f"{path} is pointed at, and nothing replaces it")
            return None
        return read(path)

    def value(self, path: str, parse: Callable[[str], T]) -> T | None:
        return self.part(path, lambda found: self.reader.needed(self.element, found, parse))


def read(reader: Reader, element: etree._Element, mrn: Mrn | None, issued_at: datetime | None) -> Amendment | None:
    """The delta that a declarant asks for; None after a fault."""
    if not reader.children(element, "Amendment"):
        reader.fault(element, "amendment.pointer-missing", "pointers say what is amended", below="Amendment")
    amendment = read_of(reader, element, element, mrn, issued_at)
    return None if amendment is None else replace(amendment, asked=True)


def read_of(
    reader: Reader, pointing: etree._Element, element: etree._Element, mrn: Mrn | None, issued_at: datetime | None
) -> Amendment | None:
    """The delta that the pointers of one element make of a declaration beside them; None after a fault."""
    named = _bearing(reader, targets(reader, pointing))
    delta = _Delta(reader, element, [target for target in named if not target.within(ITEM)])
    exporter = delta.part(EXPORTER, lambda path: party(reader, reader.child(element, path)))
    consignee = delta.part(CONSIGNEE, lambda path: party(reader, reader.child(element, path)))
    destination = delta.value(DESTINATION, parse_country)
    exit_office = delta.value(EXIT_OFFICE, office)
    border_mode = delta.value(BORDER_MODE, one_of(*BORDER_MODES))
    containerised = delta.value(CONTAINER, container)
    changed = items(reader, reader.child(element, "GoodsShipment"), [t for t in named if t.within(ITEM)])
    if mrn is None or changed is None:
        return None
    return Amendment(
        mrn=mrn,
        amended_at=issued_at,
        items=changed,
        exporter=exporter,
        consignee=consignee,
        country_of_destination=destination,
        office_of_exit=exit_office,
        border_mode=border_mode,
        containerised=containerised,
    )


def _bearing(reader: Reader, named: Sequence[Target]) -> list[Target]:
    """The targets that something read here depends on."""
    found = []
    for target in named:
        if refused := next((path for path in NOT_CARRIED if target.touches(path) and target.path != ITEM), None):
            reader.fault(target.at, "amendment.not-carried", f"an amendment of {refused} is not taken by pointers")
        elif any(target.touches(path) for path in CARRIED):
            found.append(target)
        else:
            reader.warn(
                target.at, "amendment.no-bearing", f"{target.path} is not read here: its amendment changes nothing"
            )
    return found
