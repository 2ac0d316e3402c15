"""One licence of a file as the document of `POST /v1/licences`, and where in the file each of its fields stands."""

from collections.abc import Iterator
from typing import Any, Final

from services.core.errors import Fault
from services.licensing.adapters.lite.records import Record, Transaction
from services.licensing.domain.lite import UNITS, LiteExchange

CONTROLLED: Final = {"B": "both", "Q": "quantity", "V": "value", "O": "open"}
_PLAIN: Final = ("value", "quantity", "currency")
_NOT_HERE: Final = {
    "supplement1": "additional codes of a commodity are not known here",
    "supplement2": "additional codes of a commodity are not known here",
    "rate": "advance fixing of a charge is for agricultural goods",
}


class Mapped:
    """`document`, and what is wrong beyond it: the rules of the door find the rest."""

    def __init__(self, transaction: Transaction, exchange: LiteExchange) -> None:
        self.document: dict[str, Any] = {"authority": exchange.authority}
        self.faults: list[Fault] = []
        self._transaction = transaction
        self._exchange = exchange
        self._places: dict[str, str] = {}
        self._licence(transaction.head)
        self._traders()
        self._countries()
        self._foreign_traders()
        self._restrictions()
        self.document["lines"] = [self._line(place, one) for place, one in enumerate(transaction.of("line"))]

    def place(self, pointer: str) -> str:
        """Line and field that a JSON pointer stands for; the first line of the licence when it is from elsewhere."""
        steps = pointer.split("/")
        for length in range(len(steps), 1, -1):
            if found := self._places.get("/".join(steps[:length])):
                return found
        return f"line {self._transaction.head.line} {pointer.strip('/')}".rstrip()

    def _put(self, into: dict[str, Any], at: str, name: str, value: Any, source: tuple[Record, str]) -> None:
        record, field = source
        self._places[f"{at}/{name}"] = f"line {record.line} {field}".rstrip()
        if value not in (None, "", []):
            into[name] = value

    def _licence(self, head: Record) -> None:
        exchange = self._exchange
        kind = exchange.kinds.get(head["type"])
        if kind is None:
            known = ", ".join(sorted(exchange.kinds))
            self.faults.append(head.fault("type", "type", f"{head['type'][:20]!r} is none of {known}"))
        if head["usage"] != "E":
            self.faults.append(head.fault("usage", "usage", "only E, for exports"))
        self._put(self.document, "", "ref", head["reference"], (head, "reference"))
        # Said above already when it is not known; the other rules still need one.
        self._put(self.document, "", "type", kind or "individual", (head, "type"))
        self._put(self.document, "", "valid_from", _day(head["start"]), (head, "start"))
        self._put(self.document, "", "valid_to", _day(head["end"]), (head, "end"))
        if kind == "national-general":
            self.document["general"] = "national"
        if exchange.procedures:
            self.document["procedures"] = list(exchange.procedures)

    def _traders(self) -> None:
        head, traders = self._transaction.head, self._transaction.of("trader")
        holder: dict[str, Any] = {}
        self.document["holder"] = holder
        if len(traders) > 1:
            self.faults.append(traders[1].fault("", "trader-repeated", "a licence has one holder"))
        for trader in traders[:1]:
            self._places["/holder"] = f"line {trader.line}"
            self._put(holder, "/holder", "eori", trader["eori"], (trader, "eori"))
            self._put(holder, "/holder", "name", trader["name"], (trader, "name"))
            self._put(holder, "/holder", "address", _address(trader), (trader, "address1"))
            for name in ("start", "end"):
                if trader[name] not in ("", head[name]):
                    detail = "not the day of the licence: days of a trader's own are not known here"
                    self.faults.append(trader.fault(name, "trader-days", detail))

    def _countries(self) -> None:
        for record in self._transaction.of("country"):
            name = {"D": "destinations", "E": "excluded_destinations"}.get(record["use"])
            if name is None:
                self.faults.append(record.fault("use", "country-use", "only D and E, for exports"))
                continue
            if record["group"] and record["group"] not in self._exchange.country_groups:
                detail = f"no country_groups are set for {record['group'][:20]!r}"
                self.faults.append(record.fault("group", "country-group", detail))
            codes = list(self._exchange.country_groups.get(record["group"], ())) or [record["code"]]
            listed = self.document.setdefault(name, [])
            for code in codes:
                self._places[f"/{name}/{len(listed)}"] = f"line {record.line} {'group' if record['group'] else 'code'}"
                listed.append(code)

    def _foreign_traders(self) -> None:
        """End users; without another word, they are where the goods may go."""
        users: list[dict[str, Any]] = []
        self.document["end_users"] = users
        for place, record in enumerate(self._transaction.of("foreignTrader")):
            users.append({})
            self._places[f"/end_users/{place}"] = f"line {record.line}"
            for name in ("name", "country"):
                self._put(users[place], f"/end_users/{place}", name, record[name], (record, name))
        if not self._transaction.of("country"):
            self.document["destinations"] = sorted({user["country"] for user in users if "country" in user})

    def _restrictions(self) -> None:
        found = self._transaction.of("restrictions")
        text = "\n".join(record["text"].replace("|", "\n") for record in found)
        if found:
            self._put(self.document, "", "additional_information", text.strip(), (found[0], "text"))

    def _line(self, place: int, record: Record) -> dict[str, Any]:
        line: dict[str, Any] = {}
        at = f"/lines/{place}"
        self._places[at] = f"line {record.line}"
        self.faults += _line_faults(record)
        self._put(line, at, "line", _number(record["line"]), (record, "line"))
        self._put(line, at, "description", record["description"], (record, "description"))
        entry = record["group"] or self._exchange.entry_of(record["commodity"])
        self._put(line, at, "control_code", entry, (record, "group"))
        self._put(
            line, at, "commodity_codes", [record["commodity"]] if record["commodity"] else [], (record, "commodity")
        )
        basis = CONTROLLED.get(record["controlled"])
        self._put(line, at, "basis", basis or "quantity", (record, "controlled"))
        self._put(line, at, "unit", UNITS.get(record["unit"].zfill(3)), (record, "unit"))
        for name in _PLAIN:
            self._put(line, at, name, record[name], (record, name))
        if basis == "open" and not {"unit", "currency"} & line.keys():
            line["currency"] = self._exchange.open_currency
        if record["period"].strip("0"):
            self._period(line, f"{at}/periods/0", record)
        return line

    def _period(self, line: dict[str, Any], at: str, record: Record) -> None:
        limit: dict[str, Any] = {}
        self._put(limit, at, "days", _number(record["period"]), (record, "period"))
        for name in ("quantity", "value"):
            self._put(limit, at, name, record[f"period_{name}"], (record, f"period_{name}"))
        line["periods"] = [limit]
        self._places[at] = f"line {record.line} period"


def _line_faults(record: Record) -> Iterator[Fault]:
    for name, detail in _NOT_HERE.items():
        if record[name]:
            yield record.fault(name, "not-supported", detail)
    if record["controlled"] not in CONTROLLED:
        yield record.fault("controlled", "controlled", f"{record['controlled'][:20]!r} is none of B, O, Q, V")
    if record["unit"] and record["unit"].zfill(3) not in UNITS:
        yield record.fault("unit", "unit", f"no unit of ours is known for {record['unit'][:20]!r}")


def _day(text: str) -> str:
    """20200602 as 2020-06-02; what is no day stays as it is, and is refused so."""
    return f"{text[:4]}-{text[4:6]}-{text[6:]}" if len(text) == 8 and text.isdecimal() else text


def _number(text: str) -> int | str:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else text


def _address(record: Record) -> str:
    parts = (record[name] for name in ("address1", "address2", "address3", "address4", "address5", "postcode"))
    return ", ".join(part for part in parts if part)
