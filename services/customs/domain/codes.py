"""The codes of a declaration against the lists of its day. Pure: the lists are values.

What is not listed is noticed and the message taken all the same, unless the door is set otherwise: customs' own list
may be newer than ours, and a fact refused for it would be lost.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, tzinfo
from itertools import islice

from services.core.codes import COUNTRIES, DOCUMENT_TYPES, OFFICES, PROCEDURES, UNITS, DatedList
from services.core.errors import Fault
from services.core.messages import DeclarationAccepted, Item, Party
from services.customs.domain.declaration import Declaration
from services.customs.domain.reading import Amended, Lodged, Reading, Stated

MOST = 100

OWN_DOCUMENT_TYPES = frozenset({"GB"})
"""Countries whose declarations state document types of their own, among them some that the Union gave up: X002 is an
export licence in Great Britain still. Northern Ireland (XI) states those of the Union."""

PIECES = frozenset({"NAR", "NCL", "NPR"})
"""Units of which there are whole numbers only: articles, cells, pairs."""

Stating = tuple[str, str, str | None]
"""Path, list, code."""


def objections(
    reading: Reading, lists: Mapping[str, DatedList], received_at: datetime, zone: tzinfo
) -> tuple[Fault, ...]:
    """The codes of a declaration that were not in force on its day, each with its place in the JSON form of it.

    Its day is that of acceptance, and while it is only lodged that of the message. Other messages state no codes that
    are judged here.
    """
    statement = reading.statement
    stated: Declaration | DeclarationAccepted
    if isinstance(statement, Stated) and isinstance(statement.fact, DeclarationAccepted):
        stated, at = statement.fact, statement.fact.accepted_at
    elif isinstance(statement, Lodged):
        stated, at = statement.declaration, reading.stated_at or received_at
    else:
        return ()
    day = at.astimezone(zone).date()
    found: list[Fault] = []
    unjudged = DOCUMENT_TYPES if _country(reading, stated) in OWN_DOCUMENT_TYPES else None
    for path, name, code in _codes(stated):
        if code is not None and name != unjudged and (why := lists[name].objection(code, day)) is not None:
            what = "is not listed" if why.endswith("unknown") else f"was not in force on {day}"
            found.append(Fault(path, why, f"{code} {what} in {name}, revision {lists[name].stated.revision}"))
            if len(found) == MOST:
                break
    return tuple(found)


def fractions(reading: Reading) -> tuple[Fault, ...]:
    """Write-offs of a part of what is counted in pieces: customs systems write whole numbers of these units."""
    statement = reading.statement
    stated: Declaration | DeclarationAccepted
    if isinstance(statement, Stated) and isinstance(statement.fact, DeclarationAccepted):
        stated = statement.fact
    elif isinstance(statement, Lodged | Amended):
        stated = statement.declaration
    else:
        return ()
    found = (
        (f"/items/{place}/documents/{number}/quantity", document)
        for place, item in enumerate(stated.items)
        for number, document in enumerate(item.documents)
        if document.unit in PIECES and document.quantity is not None and document.quantity % 1
    )
    return tuple(
        Fault(path, "quantity.fractional", f"{document.quantity} {document.unit}: pieces are whole numbers")
        for path, document in islice(found, MOST)
    )


def _country(reading: Reading, stated: Declaration | DeclarationAccepted) -> str | None:
    """Where it is lodged: by its MRN, while it has none by its office, else by who registered its exporter."""
    if reading.mrn is not None:
        return reading.mrn[2:4]
    return (stated.office_of_export or stated.exporter.eori or "")[:2]


def _codes(stated: Declaration | DeclarationAccepted) -> Iterator[Stating]:
    yield "/office_of_export", OFFICES, stated.office_of_export
    yield "/procedure", PROCEDURES, stated.procedure
    yield "/country_of_destination", COUNTRIES, stated.country_of_destination
    yield from _party("/exporter", stated.exporter)
    yield from _party("/declarant", stated.declarant)
    yield from _party("/consignee", stated.consignee)
    for place, item in enumerate(stated.items):
        yield from _item(f"/items/{place}", item, stated.procedure)


def _item(path: str, item: Item, procedure: str) -> Iterator[Stating]:
    if item.procedure != procedure:
        yield f"{path}/procedure", PROCEDURES, item.procedure
    yield f"{path}/country_of_destination", COUNTRIES, item.destination
    yield from _party(f"{path}/consignee", item.consignee)
    for place, document in enumerate(item.documents):
        yield f"{path}/documents/{place}/type", DOCUMENT_TYPES, document.type
        yield f"{path}/documents/{place}/unit", UNITS, document.unit


def _party(path: str, party: Party | None) -> Iterator[Stating]:
    if party is not None:
        yield f"{path}/country", COUNTRIES, party.country
