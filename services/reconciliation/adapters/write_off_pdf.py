"""The write-off table of a licence as a PDF, to be kept as evidence: the same revision gives the same bytes.

The head has boxes 1 to 8 of the licence form, each line its goods and its deductions (boxes 23, 24, 26, 27). Box 25,
figures in words, guards handwriting; here the hash of each entry does.
"""

from importlib.resources import files
from typing import Final

from fpdf import FPDF
from fpdf.enums import XPos, YPos
from fpdf.fonts import TTFFont

from services.core.messages import Licence, LicenceLine, Party
from services.core.transliteration import transliterated
from services.core.values import format_amount
from services.reconciliation.adapters.write_off_views import WriteOffTable
from services.reconciliation.domain.write_offs import Figures, WriteOff

FONT: Final = "Roboto"
WIDTHS: Final = (31, 18, 38, 36, 36, 38, 14, 13, 49)
TITLES: Final = (
    *("26 Document", "Date", "23 Available before", "Granted", "24 Written off", "Remaining"),
    *("27 State", "Entry", "Hash of the entry"),
)
ROW_MM: Final = 3.6
_TITLE: Final = "Write-off table of licence"
_FORM: Final = "Boxes 1-8 and 23-27 of the form in Regulation (EU) 2021/821, annex III-A"


class _Paper(FPDF):
    """A4 across, with the licence and the page at the foot of each."""

    def __init__(self, table: WriteOffTable) -> None:
        super().__init__(orientation="landscape", unit="mm", format="A4")
        self._foot = f"{table.ledger.licence} · ledger revision {table.ledger.revision} · {table.ledger.hash}"
        self.set_creation_date(table.as_of)
        self.set_title(f"{_TITLE} {table.ledger.licence}")
        self.set_margins(12, 12)
        self.set_auto_page_break(auto=True, margin=16)
        fonts = files("font_roboto").joinpath("files")
        self.add_font(FONT, "", str(fonts.joinpath("Roboto-Regular.ttf")))
        self.add_font(FONT, "B", str(fonts.joinpath("Roboto-Bold.ttf")))
        regular = self.fonts[FONT.lower()]
        assert isinstance(regular, TTFFont)  # noqa: S101 - one of a file
        self._written = set(regular.cmap)
        self.add_page()

    def footer(self) -> None:
        self.set_y(-11)
        self.font(6.5)
        self.cell(0, 4, self._foot)
        self.cell(0, 4, f"page {self.page_no()} of {{nb}}", align="R")

    def font(self, size: float, *, bold: bool = False) -> None:
        self.set_font(FONT, "B" if bold else "", size)

    def readable(self, text: str | None, latin: str | None = None) -> str:
        """The text, or its transliteration where the font does not have its letters."""
        if text is None or all(ord(letter) in self._written or letter == "\n" for letter in text):
            return text or ""
        return latin or transliterated(text) or "?"


def as_pdf(table: WriteOffTable) -> bytes:
    """The whole document."""
    paper = _Paper(table)
    paper.font(13, bold=True)
    paper.cell(0, 7, f"{_TITLE} {table.ledger.licence}", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    paper.font(8)
    stated = f"{_FORM}. As of ledger revision {table.ledger.revision}, recorded {_time(table)}."
    paper.cell(0, 5, stated, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    if table.ledger.terms is not None:
        _head(paper, table.ledger.terms)
    for number, line in sorted(table.lines.items()):
        _line(paper, line, [row for row in table.rows if row.line == number])
    return bytes(paper.output())


def _time(table: WriteOffTable) -> str:
    return f"{table.as_of:%Y-%m-%d %H:%M:%S} UTC"


def _head(paper: _Paper, licence: Licence) -> None:
    consignees = "; ".join(_party(paper, party) for party in licence.consignees) or "any"
    boxes = (
        ("1 Exporter", _party(paper, licence.holder)),
        ("2 Identification number", licence.ref),
        ("3 Expiry date", "none" if licence.valid_to is None else licence.valid_to.isoformat()),
        ("4 Contact", paper.readable(licence.contact) or "none"),
        ("5 Consignee", consignees),
        ("6 Issuing authority", paper.readable(licence.authority)),
        ("7 Agent or representative", _party(paper, licence.representative) if licence.representative else "none"),
        ("8 Country of consignment", licence.country_of_consignment or "none"),
    )
    paper.ln(2)
    for name, text in boxes:
        paper.font(7.5, bold=True)
        paper.cell(46, 4.6, name)
        paper.font(7.5)
        paper.multi_cell(0, 4.6, text, new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _party(paper: _Paper, party: Party) -> str:
    name = paper.readable(party.name, party.transliteration)
    return ", ".join(filter(None, (name, party.eori, paper.readable(party.address), party.country)))


def _line(paper: _Paper, line: LicenceLine, rows: list[WriteOff]) -> None:
    paper.ln(3)
    if paper.will_page_break(30):
        paper.add_page()
    paper.font(9, bold=True)
    title = f"Line {line.line} · {line.control_code} · {paper.readable(line.description)}"
    paper.multi_cell(0, 5, title, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    _titles(paper)
    for row in rows:
        if paper.will_page_break(2 * ROW_MM + 1):
            paper.add_page()
            _titles(paper)
        _row(paper, line, row)
    if not rows:
        paper.font(7)
        paper.cell(0, 5, "Nothing was granted or written off.", new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _titles(paper: _Paper) -> None:
    paper.font(6.5, bold=True)
    paper.set_fill_color(230)
    for place, (width, title) in enumerate(zip(WIDTHS, TITLES, strict=True)):
        paper.cell(width, 4.6, title, border="B", fill=True, align=_align(place))
    paper.ln(4.8)


def _row(paper: _Paper, line: LicenceLine, row: WriteOff) -> None:
    """Quantity and value one below the other, as far as the line has them, beside the halves of the hash."""
    dimensions = ((row.quantity, line.unit), (row.value, line.currency))
    amounts = [_amounts(of, measure) for of, measure in dimensions if of is not None]
    amounts += [("",) * 4] * (2 - len(amounts))
    half = len(row.hash) // 2
    document = (paper.readable(row.document) or "authority", f"{row.recorded_at:%Y-%m-%d}")
    upper = (*document, *amounts[0], row.state or "", str(row.revision), row.hash[:half])
    lower = ("", "", *amounts[1], "", "", row.hash[half:])
    paper.font(6.5)
    for texts, border in ((upper, ""), (lower, "B")):
        for place, (width, text) in enumerate(zip(WIDTHS, texts, strict=True)):
            paper.cell(width, ROW_MM, text, border=border or 0, align=_align(place))
        paper.ln(ROW_MM)


def _align(place: int) -> str:
    return "R" if 2 <= place <= 5 else "L"


def _amounts(figures: Figures, measure: str | None) -> tuple[str, ...]:
    amounts = (figures.before, figures.granted or None, figures.written_off or None, figures.remaining)
    return tuple("" if amount is None else f"{format_amount(amount)} {measure or ''}" for amount in amounts)
