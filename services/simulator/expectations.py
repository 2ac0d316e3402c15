"""Comparison of what came with what the plan says must come: every difference, with both sides."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

from services.core.values import LicenceRef, Mrn
from services.simulator.declarations import Hold
from services.simulator.licences import Licence
from services.simulator.steps import Expected

Alert = tuple[Mrn, LicenceRef | None, str]


@dataclass(frozen=True, slots=True)
class Difference:
    """One expectation that was not met."""

    what: str
    expected: str
    came: str

    def body(self) -> dict[str, str]:
        return {"what": self.what, "expected": self.expected, "came": self.came}


@dataclass(slots=True)
class Columns:
    """What is drawn of one dimension of a line."""

    reserved: Decimal = Decimal(0)
    consumed: Decimal = Decimal(0)
    exited: Decimal = Decimal(0)


@dataclass(slots=True)
class Balance:
    """What is drawn of a line, per dimension."""

    quantity: Columns
    value: Columns


def expected_balances(expected: Iterable[Expected]) -> dict[tuple[LicenceRef, int], Balance]:
    """The sum of all holds per licence line."""
    balances: dict[tuple[LicenceRef, int], Balance] = {}
    for hold in (hold for one in expected for hold in one.holds):
        balance = balances.setdefault((hold.licence, hold.line), Balance(Columns(), Columns()))
        _add(balance.quantity, hold, hold.quantity, hold.exited_quantity)
        _add(balance.value, hold, hold.value, hold.exited_value)
    return balances


def _add(columns: Columns, hold: Hold, amount: Decimal, exited: Decimal) -> None:
    if hold.consumed:
        columns.consumed += amount
    else:
        columns.reserved += amount
    columns.exited += exited


def expected_alerts(expected: Iterable[Expected]) -> frozenset[Alert]:
    """Same licence, code and shipment: one alert."""
    return frozenset((one.mrn, licence, code) for one in expected for licence, code in one.alerts)


def verdict_differences(expected: Iterable[Expected], came: Mapping[Mrn, str | None]) -> Iterator[Difference]:
    for one in expected:
        verdict = came.get(one.mrn)
        if verdict != one.verdict:
            yield Difference(f"verdict of {one.mrn}", one.verdict or "no declaration", verdict or "no declaration")


def alert_differences(expected: Iterable[Alert], came: Iterable[Alert]) -> Iterator[Difference]:
    """Missing ones and surplus ones."""
    wanted, got = set(expected), set(came)
    for mrn, licence, code in sorted(wanted - got, key=str):
        yield Difference(f"alert on {mrn} under {licence or 'no licence'}", code, "none")
    for mrn, licence, code in sorted(got - wanted, key=str):
        yield Difference(f"alert on {mrn} under {licence or 'no licence'}", "none", code)


def balance_differences(
    licences: Iterable[Licence],
    expected: Mapping[tuple[LicenceRef, int], Balance],
    came: Mapping[LicenceRef, Mapping[str, Any]],
) -> Iterator[Difference]:
    """Columns of every line, those that nothing draws on too."""
    for licence in licences:
        ledger = came.get(licence.ref, {})
        lines = {line["line"]: line for line in ledger.get("lines", [])}
        for line in licence.lines:
            wanted = expected.get((licence.ref, line.number), Balance(Columns(), Columns()))
            got = lines.get(line.number, {})
            where = f"of {licence.ref}, line {line.number}"
            if line.counts_quantity:
                yield from _columns(f"quantity {where}", line.quantity, wanted.quantity, got.get("quantity"))
            if line.counts_value:
                yield from _columns(f"value {where}", line.value, wanted.value, got.get("value"))


def _columns(
    where: str, authorised: Decimal | None, wanted: Columns, got: Mapping[str, str | None] | None
) -> Iterator[Difference]:
    if got is None:
        yield Difference(where, "columns", "none")
        return
    available = None if authorised is None else authorised - wanted.reserved - wanted.consumed
    figures = {column.name: getattr(wanted, column.name) for column in fields(wanted)}
    for name, figure in {**figures, "authorised": authorised, "available": available}.items():
        came = got[name]
        if (None if came is None else Decimal(came)) != figure:
            yield Difference(f"{name} {where}", "none" if figure is None else f"{figure:f}", came or "none")
