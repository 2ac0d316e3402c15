"""`tolbrug verify`: every balance again, from the entries alone, and the entries of the table beside their topic."""

import asyncio
from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table

from services.cli.addresses import found
from services.cli.codec import codec_of
from services.cli.console import AsJson, remark, show
from services.reconciliation.adapters.verification import Verification
from services.reconciliation.adapters.verification_topic import Comparison
from services.reconciliation.domain.chain import digest_over
from services.runtime.settings import RuntimeSettings

Topic = Annotated[bool, typer.Option("--topic/--no-topic", help="Compare with the topic, when Kafka is known.")]


def verify(*, topic: Topic = True, as_json: AsJson = False) -> None:
    """Recompute every balance from the ledger's entries; name each licence and line that differs, and the first entry
    that was altered, removed or moved, in the table or in the topic.

    Reads one snapshot of the database, so the services may go on working. Exits with 1 when anything differs. The
    digest is over the hashes of all entries in recorded order, as that of `tolbrug replay`: two installations that
    recorded the same have the same.
    """
    settings = found(RuntimeSettings(), postgres=True)
    compared = topic and bool(settings.kafka.bootstrap_servers)
    if topic and not compared:
        remark("No Kafka is known: the entries are not compared with their topic")
    result, comparison = asyncio.run(_verified(settings, topic=compared))
    differences = [str(difference) for difference in result.differences] + comparison.differences + result.gaps
    outcome = f"{result.licences} licences, {result.entries} entries, {len(differences)} differences"
    if compared:
        outcome += f"; {comparison.records} records in the topic, {comparison.repeats} of them repeats"
    table = Table("licence, revision, line", title=outcome, title_justify="left")
    for difference in differences:
        table.add_row(difference, style="red")
    partitions = [asdict(chain) for chain in result.chains]
    digest = digest_over(chain.digest for chain in result.chains)
    shown = {
        "licences": result.licences,
        "entries": result.entries,
        "topic": {"records": comparison.records, "repeats": comparison.repeats} if compared else None,
        "digest": digest,
        "partitions": partitions,
        "differences": differences,
    }
    sound = f"{outcome}\ndigest {digest}"
    show(shown, table if differences else sound, as_json=as_json)
    if differences:
        raise typer.Exit(1)


async def _verified(settings: RuntimeSettings, *, topic: bool) -> tuple[Verification, Comparison]:
    from services.reconciliation.adapters.verification import verify as recompute
    from services.reconciliation.adapters.verification_topic import compare
    from services.runtime.database import Database

    database, codec = Database(settings.database.url, size=2), codec_of(settings)
    await database.open()
    try:
        comparison = await compare(database, settings.kafka, codec) if topic else Comparison()
        return await recompute(database, codec), comparison
    finally:
        await codec.close()
        await database.close()
