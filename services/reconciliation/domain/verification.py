"""Recompute every balance and every hash from the entries alone, trusting nothing that is stored beside them."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import NamedTuple

from services.core.messages import CarryOver, Entry, HeldShipment, Licence
from services.core.values import LicenceRef, Mrn
from services.reconciliation.domain.chain import hash_of
from services.reconciliation.domain.columns import granted
from services.reconciliation.domain.elsewhere import state_of
from services.reconciliation.domain.invariants import (
    QUANTITY,
    VALUE,
    Sums,
    Violation,
    add,
    add_use,
    columns_of,
    differences,
)
from services.reconciliation.domain.ledger import NO_ENTRY, LicenceLedger
from services.reconciliation.domain.measures import shown
from services.reconciliation.domain.reported import Reported
from services.reconciliation.domain.usage import drawn_by_use


class Recorded(NamedTuple):
    """An entry as it was read, and the Avro body it was read from: what its hash vouches for."""

    entry: Entry
    body: bytes


class _Account:
    """What the entries of one licence have told so far."""

    def __init__(self, licence: str) -> None:
        self.licence = licence
        self.revision = 0
        self.hash = NO_ENTRY
        self.terms: Licence | None = None
        self.carried: list[CarryOver] = []
        self.shipments: dict[Mrn, HeldShipment] = {}
        self.usage = Reported()
        self.sums: Sums = {}
        self.broken = False

    def check(self, recorded: Recorded) -> Iterator[Violation]:
        """What is wrong with the next entry."""
        entry = recorded.entry
        for what in self._in_chain(recorded):
            yield Violation(self.licence, entry.revision, what)
        self._follow(entry)
        for line, what in self._authorised(entry):
            yield Violation(self.licence, entry.revision, what, line)
        for line, what in differences(self.sums, entry.balances):
            yield Violation(self.licence, entry.revision, what, line)

    def _in_chain(self, recorded: Recorded) -> Iterator[str]:
        entry = recorded.entry
        if entry.revision != self.revision + 1:
            yield f"revision {self.revision + 1} is missing"
        if entry.previous_hash != self.hash:
            yield f"previous_hash is {entry.previous_hash or 'empty'}, the entry before has {self.hash or 'none'}"
        computed = hash_of(recorded.body)
        if entry.hash != computed:
            yield f"hash is {entry.hash or 'empty'}, its content gives {computed}"

    def _follow(self, entry: Entry) -> None:
        self.revision, self.hash = entry.revision, entry.hash
        self.carried += [] if entry.carried is None else [entry.carried]
        counted = self._counts_use_anew(entry)
        self._add_use(-1 if counted else 0)
        self.terms = entry.terms or self.terms
        self.usage = self.usage if entry.usage is None else self.usage.with_report(entry.usage)
        if entry.shipment is not None:
            before = self.shipments.get(entry.shipment.mrn)
            add(self.sums, before.draws if before else (), -1)
            add(self.sums, entry.shipment.draws, 1)
            self.shipments[entry.shipment.mrn] = entry.shipment
        self._add_use(1 if counted else 0)

    def _counts_use_anew(self, entry: Entry) -> bool:
        """Reports are counted from the first on; they wait for the licence, and give way to shipments."""
        if entry.usage is not None or (entry.terms is not None and self.usage.by_id):
            return True
        shipment = entry.shipment
        return shipment is not None and any(of[2] == state_of(shipment.mrn) for of in self.usage.accounts)

    def _add_use(self, sign: int) -> None:
        if sign:
            add_use(self.sums, drawn_by_use(self.terms, self.usage, self.shipments.values()), sign)

    def _authorised(self, entry: Entry) -> Iterator[tuple[int, str]]:
        columns = columns_of(entry.balances)
        grants: dict[tuple[int, str], Decimal] = {}
        for term in self.terms.lines if self.terms else ():
            quantity, value = granted(LicenceRef(self.licence), term, self.carried)
            if term.unit is not None:
                grants[term.line, QUANTITY] = quantity
            if term.currency is not None:
                grants[term.line, VALUE] = value
        for place in sorted(grants.keys() | columns.keys()):
            stated = columns[place].authorised if place in columns else None
            if stated != grants.get(place):
                line, dimension = place
                due = shown(grants.get(place))
                yield line, f"{dimension} authorised is {shown(stated)}, the licence grants {due}"


def verify(entries: Iterable[Recorded]) -> Iterator[Violation]:
    """What is wrong with the entries of any number of licences, each in its own order; nothing: all is as recorded.

    Of each licence only the first faulty entry is told, line by line: what follows it rests on it.
    """
    accounts: dict[str, _Account] = {}
    for recorded in entries:
        licence = recorded.entry.licence
        account = accounts.setdefault(licence, _Account(licence))
        if account.broken:
            continue
        found = list(account.check(recorded))
        account.broken = bool(found)
        yield from found


def entries_are_columns(entries: Iterable[Recorded], ledger: LicenceLedger) -> Iterator[Violation]:
    """The movements of all entries of a licence sum to the columns of its ledger, which ends where they end."""
    account = _Account(ledger.licence)
    for recorded in entries:
        yield from account.check(recorded)
    if (account.revision, account.hash) != (ledger.revision, ledger.hash):
        yield Violation(ledger.licence, ledger.revision, f"the entries end at revision {account.revision}")
    for line, what in differences(account.sums, ledger.balances):
        yield Violation(ledger.licence, ledger.revision, what, line)
