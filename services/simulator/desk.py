"""Where stories are planned: goods become items, items a shipment, and a shipment's life the steps to play.

A shipment is told in the order its messages are sent. What must come of it is stated by the story itself
(`covered`, `refused`), never worked out by a copy of the rules.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Required, TypedDict, Unpack

from services.core.values import LicenceRef, Mrn
from services.simulator.declarations import (
    Declaration,
    Document,
    Exit,
    ExitItem,
    Format,
    Hold,
    Item,
    Outgoing,
)
from services.simulator.formats import WRITERS
from services.simulator.goods import Goods
from services.simulator.keys import Key
from services.simulator.licences import Licence
from services.simulator.mrn import export_mrn
from services.simulator.parties import FORWARDERS, Party
from services.simulator.register import Register, build_register
from services.simulator.reports import Figures, Report
from services.simulator.steps import (
    DUPLICATE,
    Authorise,
    Await,
    Compare,
    Expected,
    Issue,
    Send,
    Settle,
    Step,
    Story,
    Tell,
)

CENT = Decimal("0.01")
FIRST_DAY = datetime(2026, 2, 2, 6, 0, tzinfo=UTC)
DAYS = 140
SERIALS_PER_SEED = 4096


class Details(TypedDict, total=False):
    """Who exports to whom, and what a declaration may state otherwise than usual."""

    exporter: Required[Party]
    consignee: Required[Party]
    accepted_at: datetime
    destination: str
    procedure: str


class Otherwise(TypedDict, total=False):
    """The same, with the licence's parties unless stated."""

    exporter: Party
    consignee: Party
    accepted_at: datetime
    destination: str
    procedure: str


class ExitDetails(TypedDict, total=False):
    """What an exit may state beside its result; `hours` after acceptance, 52 unless stated."""

    hours: int
    final: bool
    items: tuple[ExitItem, ...]


class Desk:
    """Gives out MRNs, LRNs, dates and chance, all from the seed."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        # Reproducible choice of test data, nothing secret.
        self.random = Random(seed)  # noqa: S311 - the same scenario from the same seed
        self.register: Register = build_register(seed)
        self._issued = 0

    def numbers(self) -> tuple[Mrn, str]:
        """The next MRN with its LRN."""
        self._issued += 1
        return export_mrn(self.seed * SERIALS_PER_SEED + self._issued), f"ANR-{self.seed}-{self._issued:05d}"

    def moment(self) -> datetime:
        """A moment of acceptance, to the minute, within the first half of 2026."""
        return FIRST_DAY + timedelta(days=self.random.randrange(DAYS), minutes=self.random.randrange(11 * 60))

    def licence(self, key: str) -> Licence:
        return self.register.issued.get(key) or self.register.late[key]


def cited(licence: Licence, line: int, quantity: Decimal | None, amount: Decimal | None) -> Document:
    """The document that cites a licence line, with figures in the dimensions the line counts."""
    goods, stated = licence.line(line).goods, licence.line(line)
    with_quantity = stated.counts_quantity and quantity is not None
    with_amount = stated.counts_value and amount is not None
    return Document(
        type=licence.document_type,
        reference=licence.ref,
        line=line,
        quantity=quantity if with_quantity else None,
        unit=goods.unit if with_quantity else None,
        amount=amount if with_amount else None,
        currency=stated.currency if with_amount else None,
    )


def goods_item(goods: Goods, number: int, quantity: Decimal, value: Decimal, *documents: Document) -> Item:
    invoice = Document("N380", f"INV-{goods.commodity_code}-{number}")
    mass = (goods.unit_mass_kg * quantity).quantize(Decimal("0.001"))
    return Item(number, goods.description, goods.commodity_code, mass, value, (*documents, invoice))


def licensed_item(
    licence: Licence, quantity: Decimal | int | str, *, line: int = 1, number: int = 1, amount: str | None = None
) -> Item:
    """An item that draws `quantity` on a licence line, at the price of its goods unless `amount` is given."""
    goods, figure = licence.line(line).goods, Decimal(quantity)
    value = (goods.unit_value * figure).quantize(CENT) if amount is None else Decimal(amount)
    return goods_item(goods, number, figure, value, cited(licence, line, figure, value))


class Shipment:
    """One declaration on its way; every call adds steps to its story."""

    def __init__(self, story: "StoryPlan", declaration: Declaration) -> None:
        self._story = story
        self._writer = WRITERS[declaration.format]
        self.declaration = declaration
        self._alerts: set[tuple[LicenceRef | None, str]] = set()
        self._verdict: str | None = "not-controlled"
        self._holds: tuple[Hold, ...] = ()

    def send(self, *messages: Outgoing) -> "Shipment":
        self._story.steps += [Send(message) for message in messages]
        return self

    def lodge(self) -> "Shipment":
        return self.send(*self._writer.lodge(self.declaration))

    def amend(self, item: Item, days: int = 1) -> "Shipment":
        """The next version; `days` after acceptance."""
        self.declaration = self.declaration.amended(self.declaration.accepted_at + timedelta(days=days), item)
        return self.send(*self._writer.amend(self.declaration, item.number))

    def release(self) -> "Shipment":
        return self.send(self._writer.release(self.declaration, self._at(hours=1)))

    def refuse_release(self, reason: str = "licence does not cover the goods") -> "Shipment":
        return self.send(self._writer.refuse_release(self.declaration, self._at(hours=2), reason))

    def invalidate(self, reason: str = "withdrawn by the declarant") -> "Shipment":
        return self.send(self._writer.invalidate(self.declaration, self._at(hours=30), reason))

    def leave(self, result: str = "A1", **details: Unpack[ExitDetails]) -> "Shipment":
        left = Exit(
            self._at(details.get("hours", 52)), result, final=details.get("final", True), items=details.get("items", ())
        )
        return self.send(self._writer.leave(self.declaration, left))

    def settle(self, verdict: str | None = None) -> "Shipment":
        """Wait until all that was sent is applied; with `verdict`, for that verdict."""
        if verdict is not None:
            self._story.steps.append(Await(self.declaration.mrn, self.declaration.version, verdict))
        self._story.steps.append(Settle())
        return self

    def covered(self, *holds: Hold) -> "Shipment":
        self._verdict, self._holds = "covered", holds
        return self

    def refused(self, *codes: str, holds: tuple[Hold, ...] = (), licence: str | None = None) -> "Shipment":
        """Refused, with an alert of each code on `licence` (by default the one it cites first)."""
        on = LicenceRef(licence or self._cited())
        self._alerts |= {(on, code) for code in codes}
        self._verdict, self._holds = "refused", holds
        return self

    def alerted(self, *codes: str) -> "Shipment":
        """Alerts of a shipment whatever its verdict."""
        self._alerts |= {(LicenceRef(self._cited()), code) for code in codes}
        return self

    def resembling(self, *codes: str) -> "Shipment":
        """Alerts that concern no licence."""
        self._alerts |= {(None, code) for code in codes}
        return self

    def never_accepted(self) -> "Shipment":
        self._verdict = None
        return self

    def expected(self) -> Expected:
        made = self.declaration
        return Expected(made.mrn, made.version, self._verdict, frozenset(self._alerts), self._holds)

    def held(self, *, consumed: bool = False, exited: bool = False) -> tuple[Hold, ...]:
        """A hold of every licence line cited, of what is declared; exited goods are consumed too."""
        return tuple(
            Hold(
                licence=LicenceRef(document.reference),
                line=document.line,
                consumed=consumed or exited,
                quantity=document.quantity or Decimal(0),
                value=document.amount or Decimal(0),
                exited_quantity=(document.quantity or Decimal(0)) if exited else Decimal(0),
                exited_value=(document.amount or Decimal(0)) if exited else Decimal(0),
            )
            for item in self.declaration.items
            for document in item.documents
            if document.line is not None
        )

    def _cited(self) -> str:
        return next(d.reference for item in self.declaration.items for d in item.documents if d.line is not None)

    def _at(self, hours: int) -> datetime:
        return self.declaration.accepted_at + timedelta(hours=hours)


class StoryPlan:
    """A story being planned: its shipments and steps in order."""

    def __init__(self, desk: Desk, name: str) -> None:
        self.desk = desk
        self.name = name
        self.steps: list[Step] = []
        self._shipments: list[Shipment] = []

    def shipment(self, format_: Format, *items: Item, **details: Unpack[Details]) -> Shipment:
        mrn, lrn = self.desk.numbers()
        declaration = Declaration(
            mrn=mrn,
            lrn=lrn,
            format=format_,
            accepted_at=details.get("accepted_at") or self.desk.moment(),
            exporter=details["exporter"],
            declarant=FORWARDERS[int(lrn[-1]) % len(FORWARDERS)],
            consignee=details["consignee"],
            destination=details.get("destination", details["consignee"].country),
            items=items,
            procedure=details.get("procedure", "10"),
        )
        made = Shipment(self, declaration)
        self._shipments.append(made)
        return made

    def under(self, format_: Format, licence: Licence, *items: Item, **details: Unpack[Otherwise]) -> Shipment:
        """A shipment by the licence's holder to its first consignee, unless `details` say otherwise."""
        stated: Details = {"exporter": licence.holder, "consignee": licence.consignees[0], **details}
        return self.shipment(format_, *items, **stated)

    def issue(self, licence: Licence) -> None:
        self.steps.append(Issue(licence))

    def authorise(self, key: Key) -> None:
        self.steps.append(Authorise(key))

    def report(self, report: Report) -> None:
        self.steps.append(Tell(report))

    def compare(self, figures: Figures) -> None:
        self.steps.append(Compare(figures))

    def messages(self) -> list[Outgoing]:
        """What it sends, once each, in order."""
        return [step.message for step in self.steps if isinstance(step, Send) and not step.repeat]

    def shuffle(self, random: Random) -> None:
        """Change the order of arrival, unless the story waits in between."""
        if all(isinstance(step, Send) for step in self.steps):
            random.shuffle(self.steps)

    def repeat(self, messages: Iterable[Outgoing]) -> None:
        """Send messages of this story again, byte for byte."""
        self.steps += [Send(message, DUPLICATE, repeat=True) for message in messages]

    def finished(self) -> Story:
        return Story(self.name, tuple(self.steps), tuple(one.expected() for one in self._shipments))
