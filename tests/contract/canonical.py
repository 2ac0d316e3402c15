"""Declarations as the schema knows them, of everything a message can say: what the round trips begin with."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import strategies as st

from services.core.messages import DeclarationAccepted, DeclarationForm, Document, Item, Party
from services.core.transliteration import transliterated
from services.core.values import CommodityCode, CountryCode, Currency, LicenceRef, Unit, parse_eori
from services.simulator.mrn import export_mrn

SEPARATOR = ", "
"""Between street, postcode and city in the one line that an address is."""

COUNTRIES = st.sampled_from(["IN", "TW", "KR", "US", "TR", "AR", "XI", "XK"]).map(CountryCode)
PROCEDURES = st.sampled_from(["10", "11", "21", "22", "23", "31"])
PRE_LODGED = (DeclarationForm.STANDARD, DeclarationForm.SIMPLIFIED)
FORMS = (*PRE_LODGED, DeclarationForm.SUPPLEMENTARY, DeclarationForm.RETROSPECTIVE)
"""Those that are declarations for export; the others have messages of their own."""
TYPES = {
    (DeclarationForm.STANDARD, False): "A",
    (DeclarationForm.STANDARD, True): "D",
    (DeclarationForm.SIMPLIFIED, False): "C",
    (DeclarationForm.SIMPLIFIED, True): "F",
    (DeclarationForm.SUPPLEMENTARY, False): "Z",
    (DeclarationForm.RETROSPECTIVE, False): "R",
}
"""Additional declaration type (EUCDM 11 02) of a form, and whether it is pre-lodged."""
OFFICES = st.from_regex(r"[A-Z]{2}[A-Z0-9]{6}", fullmatch=True)
# Letters, marks, figures, punctuation and signs of all scripts, and the plain space.
_CHARACTERS = st.characters(categories=["L", "M", "N", "P", "S"], include_characters=" ", exclude_characters=",")
_EORIS = st.from_regex(r"[A-Z]{2}[A-Z0-9]{1,15}", fullmatch=True).map(parse_eori)
_UNITS = st.sampled_from(["NAR", "KGM", "KGM#G", "LTR", "TNE", "GRM", "MTQ", "ASV#X"]).map(Unit)
_CURRENCIES = st.sampled_from(["EUR", "USD", "JPY", "GBP"]).map(Currency)
_MOMENTS = st.integers(0, 3 * 365 * 86_400).map(lambda s: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(seconds=s))


def texts(most: int) -> st.SearchStrategy[str]:
    """One line of 1 to `most` characters, and often of exactly that many."""
    short = st.text(_CHARACTERS, min_size=1, max_size=min(most, 16)).map(_one_line).filter(bool)
    return short | short.map(lambda text: _one_line((text + "é") * most)[:most].strip() or "é")


def _one_line(text: str) -> str:
    return " ".join(text.split())


def amounts(decimals: int, *, least: str = "0") -> st.SearchStrategy[Decimal]:
    """Up to 16 digits of which `decimals` behind the point: the whole range, and its ends."""
    step = Decimal(1).scaleb(-decimals)
    most = step * (10**16 - 1)
    ends = st.sampled_from([most, step, Decimal("9" * (16 - decimals)), Decimal("1.5"), Decimal(1)])
    return (st.decimals(Decimal(least), most, places=decimals) | ends).filter(lambda amount: amount >= Decimal(least))


def parties() -> st.SearchStrategy[Party]:
    """Known by their EORI, which makes the rest redundant, or by name and address."""
    address = st.tuples(texts(70), texts(9), texts(35)).map(SEPARATOR.join)
    named = st.builds(Party, name=texts(70), eori=st.none(), address=address, country=COUNTRIES)
    named = named.map(lambda party: replace(party, transliteration=transliterated(party.name)))
    return named | st.builds(Party, name=st.none(), eori=_EORIS, address=st.none(), country=st.none())


def known_parties() -> st.SearchStrategy[Party]:
    return st.builds(Party, name=st.none(), eori=_EORIS, address=st.none(), country=st.none())


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """With its write-off figures, one of them, or none. References (Y…) have none."""
    kind = draw(st.from_regex(r"[A-XZ][A-Z0-9]{3}|Y[0-9]{3}", fullmatch=True))
    figures = not kind.startswith("Y")
    quantity = draw(st.none() | amounts(6, least="0.000001")) if figures else None
    amount = draw(st.none() | amounts(2, least="0.01")) if figures else None
    return Document(
        type=kind,
        reference=LicenceRef(draw(texts(70))),
        line=draw(st.none() | st.integers(1, 99_999)) if figures else None,
        quantity=quantity,
        unit=None if quantity is None else draw(_UNITS),
        amount=amount,
        currency=None if amount is None else draw(_CURRENCIES),
    )


def items(consignee: st.SearchStrategy[Party | None]) -> st.SearchStrategy[Item]:
    return st.builds(
        Item,
        item=st.integers(1, 999),
        commodity_code=st.from_regex(r"[0-9]{6}([0-9]{2})?", fullmatch=True).map(CommodityCode),
        description=texts(512),
        procedure=PROCEDURES,
        consignee=consignee,
        destination=st.none() | COUNTRIES,
        net_mass_kg=st.none() | amounts(6, least="0.000001"),
        statistical_value=st.none() | amounts(2),
        # Formats write references after the others, and each document once.
        documents=st.lists(documents(), max_size=4, unique_by=lambda d: (d.type, d.reference)).map(
            lambda found: tuple(sorted(found, key=lambda d: d.type.startswith("Y")))
        ),
    )


@st.composite
def declarations(draw: st.DrawFn) -> DeclarationAccepted:
    """Accepted in its first version. The consignee is the declaration's, or stands at its items."""
    per_item = draw(st.booleans())
    of_items = st.lists(
        items(parties() if per_item else st.none()), min_size=1, max_size=4, unique_by=lambda item: item.item
    )
    found = sorted(draw(of_items), key=lambda item: item.item)
    form = draw(st.sampled_from(FORMS))
    mrns = st.integers(0, 36**6 - 1).map(export_mrn)
    completes = draw(st.sets(mrns, max_size=3)) if form is DeclarationForm.SUPPLEMENTARY else ()
    return DeclarationAccepted(
        fact_id="",
        mrn=draw(mrns),
        lrn=draw(texts(22).map(lambda text: text.replace(" ", "_"))),
        version=1,
        accepted_at=draw(_MOMENTS),
        office_of_export=draw(OFFICES),
        procedure=found[0].procedure,
        exporter=draw(parties()),
        declarant=draw(known_parties()),
        consignee=None if per_item else draw(st.none() | parties()),
        country_of_destination=draw(COUNTRIES),
        items=tuple(found),
        form=form,
        pre_lodged=draw(st.booleans()) if form in PRE_LODGED else False,
        completes=tuple(sorted(completes)),
        office_of_exit=draw(st.none() | OFFICES),
        border_mode=draw(st.none() | st.sampled_from("1234578")),
        containerised=draw(st.booleans()),
    )
