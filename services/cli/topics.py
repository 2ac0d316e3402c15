"""`tolbrug topics plan|apply`: topics as the services need them, against topics as they are."""

import asyncio

import typer
from rich.table import Table

from services.cli.addresses import found
from services.cli.console import AsJson, show
from services.core.errors import Fatal
from services.runtime.settings import RuntimeSettings

commands = typer.Typer(no_args_is_help=True, help="Compare and make Kafka's topics.")


@commands.command()
def plan(*, as_json: AsJson = False) -> None:
    """Show what `apply` would do. Exits with 1 when a topic does not fit, which only moving its records can change."""
    from services.cli.services import all_topics
    from services.runtime.kafka import topics

    settings = found(RuntimeSettings(), kafka=True)
    plans = asyncio.run(topics.plan(settings.kafka, topics.with_dead_letters(all_topics())))
    table = Table("topic", "partitions", "action")
    for one in plans:
        table.add_row(one.topic, str(one.partitions), one.action)
    rows = [{"topic": one.topic, "partitions": one.partitions, "action": one.action} for one in plans]
    show({"topics": rows}, table, as_json=as_json)
    if any(one.action not in {"create", "keep"} for one in plans):
        raise typer.Exit(1)


@commands.command()
def apply(*, as_json: AsJson = False) -> None:
    """Make the topics that are missing. Changes none that exists."""
    from services.cli.services import all_topics
    from services.runtime.kafka import topics

    settings = found(RuntimeSettings(), kafka=True).kafka
    wanted = topics.with_dead_letters(all_topics())
    missing = [one.topic for one in asyncio.run(topics.plan(settings, wanted)) if one.action == "create"]
    allowed = settings.model_copy(update={"create_topics": True})
    partitions = asyncio.run(topics.apply(allowed, wanted))
    show(
        {"created": missing, "topics": len(wanted), "partitions": partitions},
        f"{len(missing)} topics made, {len(wanted)} exist, each with {partitions} partitions",
        as_json=as_json,
    )
    if partitions < 1:
        raise Fatal("Kafka answers no partitions")
