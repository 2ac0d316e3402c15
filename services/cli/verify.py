"""`tolbrug verify`: every balance again, from the entries alone."""

import asyncio

import typer
from rich.table import Table

from services.cli.addresses import found
from services.cli.console import AsJson, show
from services.runtime.settings import RuntimeSettings


def verify(*, as_json: AsJson = False) -> None:
    """Recompute every balance from the ledger's entries and name each licence and line that differs.

    Reads one snapshot of the database, so the services may go on working. Exits with 1 when anything differs.
    """
    from services.reconciliation.adapters.verification import Verification
    from services.reconciliation.adapters.verification import verify as recompute
    from services.runtime.codec import Codec
    from services.runtime.database import Database
    from services.runtime.registry import BundledRegistry, ConfluentRegistry

    settings = found(RuntimeSettings(), postgres=True)

    async def main() -> Verification:
        database, registry = Database(settings.database.url, size=2), settings.registry.url
        await database.open()
        try:
            # Entries are read with the ids they were written with.
            codec = Codec(ConfluentRegistry(registry, settings.state / "registry") if registry else BundledRegistry())
            return await recompute(database, codec)
        finally:
            await database.close()

    result = asyncio.run(main())
    outcome = f"{result.licences} licences, {result.entries} entries, {len(result.differences)} differences"
    table = Table("licence, revision, line", title=outcome, title_justify="left")
    for difference in result.differences:
        table.add_row(str(difference), style="red")
    shown = {
        "licences": result.licences,
        "entries": result.entries,
        "differences": [str(difference) for difference in result.differences],
    }
    show(shown, table if result.differences else outcome, as_json=as_json)
    if result.differences:
        raise typer.Exit(1)
