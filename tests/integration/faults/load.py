"""A seeded load: licences, what the authority changes about them, and lives of shipments with all that goes wrong.

Nothing is kept: events are made as they are asked for, so that a large load takes no more memory than a small one.
"""

import random
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

Body = dict[str, Any]
HOLDER = {"eori": "BE0314595348", "name": "Presses NV"}
STRANGER = {"eori": "BE0477472701", "name": "Vannes BV"}
BUYER = {"name": "Bharat Forge", "country": "IN"}
GOODS = "84798300"
REFUSED: Body = {
    "ref": "REF/2017/1",
    "authority": "BE-VLG",
    "decided_at": "2017-12-31",
    "applicant": STRANGER,
    "consignees": [],
    "end_users": [{"name": "Bharat Forge Ltd", "country": "IN"}],
    "destination": "IN",
    "grounds": ["end-use"],
    "goods": [{"description": "isostatic presses", "control_code": "2B204", "commodity_codes": ["847983"]}],
}
"""What every shipment resembles."""
SHIPMENTS_AT_ONCE = 120
WINDOW = 10


@dataclass(frozen=True)
class Change:
    """A later revision of a licence: a step of its status, or other amounts."""

    ref: str
    revision: int
    body: Body
    status: Body | None = None


@dataclass(frozen=True)
class Message:
    """A customs message in JSON."""

    body: Body

    @property
    def id(self) -> str:
        return str(self.body["message_id"])


Event = Change | Message


@dataclass
class Load:
    """`events` counts customs messages, repeats among them. `amends`: the authority also changes amounts."""

    seed: int
    licences: int
    events: int
    amends: bool = False
    series: int = 0
    """Loads of one campaign: each has licences and shipments of its own."""
    _bodies: dict[int, tuple[int, Body, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._serial = self.series * 1_000

    def ref(self, number: int) -> str:
        return f"VL/{2026 + self.series}/{number:06d}"

    def issues(self) -> Iterator[Body]:
        """The licences as they are issued."""
        return map(self._issue, range(self.licences))

    def _issue(self, number: int) -> Body:
        rng = random.Random(f"{self.seed}/{number}")
        return {
            "ref": self.ref(number),
            "type": "individual",
            "authority": "BE-VLG",
            "holder": HOLDER,
            "consignees": [BUYER],
            "end_users": [],
            "destinations": ["IN"],
            "procedures": ["10"],
            "valid_from": "2026-01-15",
            "valid_to": "2028-01-14",
            "requires": {"federal_authorisation": False, "end_use_certificate": False, "state_guarantee": False},
            "lines": [self._line(rng, place) for place in range(1, rng.choice((2, 2, 3)))],
        }

    def _line(self, rng: random.Random, place: int) -> Body:
        basis = rng.choice(("both", "both", "quantity", "value", "open"))
        figures = {"quantity": str(rng.randint(5, 40)), "value": str(rng.randint(5, 40) * 1000)}
        return {
            "line": place,
            "description": "isostatic press",
            "control_code": "2B204",
            "commodity_codes": ["847983"],
            "basis": basis,
            "quantity": figures["quantity"] if basis in {"quantity", "both"} else None,
            "unit": ("NAR", "KGM")[place - 1] if basis != "value" else None,
            "value": figures["value"] if basis in {"value", "both"} else None,
            "currency": "EUR" if basis != "quantity" else None,
            "periods": _limits(figures["quantity"]) if basis in {"quantity", "both"} and place == 1 else [],
        }

    def stream(self) -> Iterator[Event]:
        """All events: 5 in 100 come twice, 10 in 100 are moved up to ten places."""
        rng = self._random
        recent: deque[Message] = deque(maxlen=500)
        window: list[tuple[float, int, Event]] = []
        for number, event in enumerate(self._in_order()):
            if isinstance(event, Message):
                recent.append(event)
            moved = rng.randint(1, WINDOW) if rng.random() < 0.1 else 0
            window.append((number + moved + 0.5 * bool(moved), number, event))
            window.sort(key=lambda placed: placed[:2])
            if recent and rng.random() < 0.05:
                window.append((number + 0.25, number, rng.choice(recent)))
            while window and window[0][0] <= number - 1:
                yield window.pop(0)[2]
        yield from (event for _, _, event in window)

    def _in_order(self) -> Iterator[Event]:
        rng = self._random
        lives = [self._life() for _ in range(SHIPMENTS_AT_ONCE)]
        told = 0
        while told < self.events * 0.95:
            if rng.random() < 0.03:
                yield self._change()
            place = rng.randrange(len(lives))
            message = next(lives[place], None)
            if message is None:
                lives[place] = self._life()
                continue
            told += 1
            yield message

    def _change(self) -> Change:
        number = self._pick()
        if number not in self._bodies:
            self._bodies[number] = (1, self._issue(number), "issued")
        revision, body, status = self._bodies[number]
        step = None
        if not self.amends or self._random.random() < 0.4:
            status = "reinstated" if status == "suspended" else "suspended"
            # Some steps reach back before the acceptances of this load, others come after all of them.
            day = self._random.choice(("2026-03-01", "2026-04-30"))
            step = {"status": status, "reason": "inquiry", "effective_at": f"{day}T00:{revision % 60:02d}:00Z"}
        else:
            body = {**body, "lines": [self._amended(line) for line in body["lines"]]}
        self._bodies[number] = (revision + 1, body, status)
        return Change(self.ref(number), revision + 1, body, step)

    def _amended(self, line: Body) -> Body:
        changed = dict(line)
        if line["quantity"] is not None:
            changed["quantity"] = str(self._random.randint(2, 60))
            changed["periods"] = _limits(changed["quantity"]) if line["periods"] else []
        if line["value"] is not None:
            changed["value"] = str(self._random.randint(2, 60) * 1000)
        return changed

    def _pick(self) -> int:
        """Some licences are drawn on much more than others."""
        return int(self.licences * self._random.random() ** 1.5)

    def _life(self) -> Iterator[Message]:
        """One shipment from acceptance to whatever end."""
        rng = self._random
        self._serial += 1
        citations = [self._citation() for _ in range(rng.choice((1, 1, 1, 2)))]
        life = _Shipment(f"26BE343000{self._serial:06d}A1", rng, citations)
        yield life.declaration(1)
        if rng.random() < 0.18:
            yield life.declaration(2)
        end = rng.random()
        if end < 0.1:
            return
        if end < 0.2:
            yield life.event("invalidation", invalidated_at="2026-03-02T12:00:00Z", reason="withdrawn")
        elif end < 0.27:
            yield life.event("no-release", decided_at="2026-03-02T09:00:00Z", reason="papers missing")
        else:
            yield life.event("release", released_at="2026-03-02T10:00:00Z")
            yield from self._ending(life)

    def _ending(self, life: "_Shipment") -> Iterator[Message]:
        rng = self._random
        end = rng.random()
        if end < 0.08:
            yield life.declaration(3)
        elif end < 0.14:
            yield life.event("invalidation", invalidated_at="2026-03-05T12:00:00Z", reason="not left")
        elif end < 0.5:
            yield life.exit("2026-03-04T08:00:00Z", part=None)
        elif end < 0.65:
            yield life.exit("2026-03-04T08:00:00Z", part=rng.choice((0, 1, 1, 20)))
        elif end < 0.75:
            yield life.exit("2026-03-04T08:00:00Z", part=1, final=False)
            yield life.exit("2026-03-05T08:00:00Z", part=rng.choice((None, 2)))

    def _citation(self) -> Body:
        """What one item draws: mostly what a licence allows, sometimes not."""
        rng = self._random
        number, odd = self._pick(), rng.random()
        line = 1 if rng.random() < 0.8 else 2
        unit = "NAR" if line == 1 else rng.choice(("KGM", "KGM", "GRM", "KGM#G"))
        quantity, price = rng.randint(1, 9), rng.randint(200, 900)
        if unit == "GRM":
            quantity *= 1000
        return {
            "type": "X060",
            "reference": f"XX/{rng.randint(1, 50):03d}" if odd < 0.02 else self.ref(number),
            "line": line,
            "quantity": str(quantity),
            "unit": "LTR" if 0.02 < odd < 0.04 else unit,
            "amount": f"{price * (quantity if quantity < 1000 else quantity // 1000)}.50",
            "currency": "USD" if 0.04 < odd < 0.06 else "EUR",
        }


class _Shipment:
    """The messages of one MRN."""

    def __init__(self, mrn: str, rng: random.Random, citations: list[Body]) -> None:
        self.mrn = mrn
        self._rng = rng
        self._citations = citations
        self._foreign = rng.random() < 0.03
        self._later = int(mrn[-4]) % 2
        self._stranger = rng.random() < 0.02

    def declaration(self, version: int) -> Message:
        if version > 1:
            self._citations = [self._more_or_less(citation) for citation in self._citations]
        amended = {"amended_at": f"2026-03-02T08:{20 + version}:00Z"} if version > 1 else {}
        return self.event(
            f"declaration-{version}",
            lrn=f"L-{self.mrn}",
            version=version,
            accepted_at=f"2026-03-0{1 + self._later}T08:15:00Z",
            **amended,
            office_of_export="BE343000",
            procedure="10",
            exporter=STRANGER if self._stranger else HOLDER,
            consignee=BUYER,
            country_of_destination="PK" if self._foreign else "IN",
            items=[_item(place, citation) for place, citation in enumerate(self._citations, 1)],
        )

    def _more_or_less(self, citation: Body) -> Body:
        return {**citation, "quantity": str(max(1, int(citation["quantity"]) + self._rng.randint(-3, 3)))}

    def exit(self, at: str, part: int | None, *, final: bool = True) -> Message:
        """`part` of the quantity left of item 1; None: everything left as declared."""
        items = [] if part is None else [{"item": 1, "quantity": str(part)}]
        kind = "exit" if final else "exit-part"
        return self.event(kind, exited_at=at, result="A1", final=final, items=items)

    def event(self, name: str, **fields: Any) -> Message:
        kind = "exit" if name == "exit-part" else name.partition("-")[0] if name.startswith("decl") else name
        told = {"kind": kind, "sender": "BE.CUSTOMS", "message_id": f"{self.mrn}/{name}", "mrn": self.mrn}
        return Message({**told, **fields})


def _limits(quantity: str) -> list[Body]:
    """Of some lines: on any day, or on any two days, most of what there is in all."""
    most = int(quantity)
    return [{"days": 1 + most % 2, "quantity": str(max(1, most * 2 // 3))}] if most % 3 else []


def _item(number: int, citation: Body) -> Body:
    return {
        "item": number,
        "commodity_code": GOODS,
        "description": "isostatic press",
        "net_mass_kg": "1200.000",
        "statistical_value": "100000.00",
        "documents": [citation],
    }
