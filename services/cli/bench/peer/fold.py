"""The peer job as a fold, and its schemas under the ids that the job's wire format names."""

from typing import Final

from services.cli.bench.peer.account import (
    LicenceAccount,
    answer,
    apply,
    from_record,
    made_version,
    new_account,
    to_record,
)
from services.cli.bench.peer.messages import RECORDS, Account, Command, Entry
from services.runtime.codec import Codec
from services.runtime.fold import Entries, FoldSpec
from services.runtime.registry import BundledRegistry
from services.runtime.store import SnapshotStore

SERVICE: Final = "bench"
LEDGER: Final = "ledger"
SCHEMAS: Final = "services.cli.bench.peer.schemas"
IDS: Final = {1: Command.SCHEMA, 2: Entry.SCHEMA, 3: Account.SCHEMA}
TOPICS: Final = (Command.TOPIC, Entry.TOPIC)


def codec() -> Codec:
    """Reads and writes the job's records under the ids that its wire format names: no registry, no release."""
    return Codec(records=RECORDS, bundled=BundledRegistry(SCHEMAS, IDS))


def version_of(account: LicenceAccount) -> int:
    """Its revision: each version applied one command more."""
    return account.version


def size(account: LicenceAccount) -> int:
    """What it weighs: a command that is known by its name takes a small part of what a shipment does."""
    return account.version // 16


def ledger(codec: Codec) -> FoldSpec[LicenceAccount]:
    """One account per licence; what it applied is the truth, what it refused or had before is only said."""
    return FoldSpec(
        service=SERVICE,
        name=LEDGER,
        inputs=(Command.TOPIC,),
        handlers={Command: answer},
        aggregate=lambda command: command.licence,
        new=new_account,
        store=SnapshotStore[LicenceAccount, Account](SERVICE, LEDGER, codec, Account, to_record, from_record),
        entries=Entries[LicenceAccount](Entry, apply, version_of, size, made_version),
        placed=True,
    )
