"""The account of one licence, what a command does to it, and what an entry did. Pure."""

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from services.cli.bench.peer.messages import Account, Command, Entry, Op, Verdict
from services.core.decision import Decision
from services.core.errors import Corrupt
from services.core.values import ZERO


class LicenceAccount(NamedTuple):
    """What the applied commands of a licence give.

    `applied` says which version a command made. Versions of one account share it and only add to it: a command is
    applied here when it made this version or an earlier one.
    """

    licence: str
    version: int
    balance: Decimal
    applied: dict[str, int]

    def has_applied(self, command: str) -> bool:
        return self.applied.get(command, self.version + 1) <= self.version

    def after(self, command: str, balance: Decimal) -> "LicenceAccount":
        """The next version; this one stays as it is."""
        applied, version = self.applied, self.version
        if len(applied) != version:
            # Another version follows this one already: what it added is not part of this one's future.
            applied = {name: made for name, made in applied.items() if made <= version}
        applied[command] = version + 1
        return LicenceAccount(self.licence, version + 1, balance, applied)


def new_account(licence: str) -> LicenceAccount:
    return LicenceAccount(licence, 0, ZERO, {})


def answer(
    account: LicenceAccount, command: Command, now: datetime, partition: int, offset: int
) -> Decision[LicenceAccount]:
    """One entry for each command, applied or not; it names the place the command stood at."""
    del now
    name = f"{command.mrn}/{command.item}/{command.op}"
    balance, quantity = account.balance, command.quantity
    if account.has_applied(name):
        verdict = Verdict.DUPLICATE
    elif command.op is Op.DRAW and balance < quantity:
        verdict = Verdict.OVERRUN
    else:
        verdict = Verdict.APPLIED
        balance = balance - quantity if command.op is Op.DRAW else balance + quantity
        account = account.after(name, balance)
    entry = Entry(
        licence=command.licence,
        version=account.version,
        mrn=command.mrn,
        item=command.item,
        op=command.op,
        quantity=quantity,
        verdict=verdict,
        balance_after=balance,
        source_partition=partition,
        source_offset=offset,
    )
    return Decision(account, (entry,))


def made_version(entry: Entry) -> int | None:
    """The version an entry made; None for one that changed nothing."""
    return entry.version if entry.verdict is Verdict.APPLIED else None


def apply(account: LicenceAccount, entry: Entry) -> LicenceAccount:
    """The account after an applied entry. Corrupt when it is not the next one."""
    if entry.licence != account.licence or entry.version != account.version + 1:
        raise Corrupt(
            f"entry {entry.version} of {entry.licence} does not follow version {account.version} of {account.licence}"
        )
    return account.after(f"{entry.mrn}/{entry.item}/{entry.op}", entry.balance_after)


def to_record(account: LicenceAccount) -> Account:
    names = tuple(name for name, made in account.applied.items() if made <= account.version)
    return Account(licence=account.licence, balance=account.balance, applied=names)


def from_record(record: Account) -> LicenceAccount:
    applied = {name: number for number, name in enumerate(record.applied, start=1)}
    return LicenceAccount(record.licence, len(applied), record.balance, applied)
