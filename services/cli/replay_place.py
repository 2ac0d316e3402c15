"""Where `tolbrug replay` reads and writes: what is recorded of an installation, and a fresh database."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
from psycopg import sql

from services.core.errors import Fatal
from services.core.messages import Entry
from services.reconciliation import topology, wiring
from services.reconciliation.adapters.replay_target import Workshop
from services.runtime.database import Database
from services.runtime.fold_table import FoldTable
from services.runtime.kafka import topics
from services.runtime.settings import KafkaSettings
from services.runtime.tables import migrate

_LEDGER = "SELECT 1 FROM reconciliation.fold WHERE fold = %s"
_SERVER = "/postgres"
"""The database that every server has: from there another one can be made when the own one is lost."""


def has_ledger(url: str) -> bool:
    """Whether a ledger was ever kept in this database. Fatal when the server does not answer."""
    if not url:
        return False
    try:
        with psycopg.connect(url, autocommit=True) as connection:
            return connection.execute(_LEDGER, (topology.LEDGER,)).rowcount > 0
    except psycopg.errors.UndefinedTable:
        return False
    except psycopg.OperationalError as error:
        if _is_missing(error):
            return False
        raise Fatal(
            f"The database of the settings cannot be read: {error}\nGive --no-table to do without it"
        ) from error


def _is_missing(error: psycopg.OperationalError) -> bool:
    # A connection that fails has no SQLSTATE in psycopg, only the server's words.
    return "does not exist" in str(error)


async def partitions(kafka: KafkaSettings) -> int:
    """How many there are of the ledger's topics. Fatal when one is not there."""
    plans = await topics.plan(kafka, (*topology.LEDGER_INPUTS, Entry.TOPIC))
    wrong = [
        f"{plan.topic} {'is not there' if plan.action == 'create' else plan.action}"
        for plan in plans
        if plan.action != "keep"
    ]
    if wrong:
        raise Fatal(f"This Kafka holds no ledger to replay: {'; '.join(wrong)}")
    return plans[0].partitions


@contextmanager
def fresh_database(url: str, into: str | None, *, keep: bool) -> Iterator[str]:
    """A database with nothing in it: `into`, else a new one beside `url` that is dropped afterwards unless kept."""
    if into is not None:
        _refuse_used(into)
        yield into
        return
    name = f"tolbrug_replay_{uuid4().hex[:8]}"
    beside = url if _is_there(url) else urlsplit(url)._replace(path=_SERVER).geturl()
    _execute(beside, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        yield urlsplit(url)._replace(path=f"/{name}").geturl()
    finally:
        if not keep:
            _execute(beside, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


async def prepared(target: str, count: int) -> Workshop:
    """Make the tables in a fresh database, for so many partitions."""
    fresh = Database(target, size=2)
    await fresh.open()
    try:
        await migrate(fresh, topology.SERVICE, wiring.MIGRATIONS)
        async with fresh.transaction() as connection:
            await FoldTable(topology.SERVICE, topology.LEDGER).prepare(connection, count)
    finally:
        await fresh.close()
    workshop = Workshop(target, topology.SERVICE, topology.LEDGER)
    workshop.open()
    return workshop


def _is_there(url: str) -> bool:
    try:
        with psycopg.connect(url):
            return True
    except psycopg.OperationalError as error:
        if _is_missing(error):
            return False
        raise Fatal(f"The database to rebuild into cannot be had: {error}".strip()) from error


def _refuse_used(url: str) -> None:
    query = sql.SQL("SELECT 1 FROM pg_namespace WHERE nspname IN ({}, 'replay')").format(topology.SERVICE)
    if _execute(url, query) > 0:
        raise Fatal("The database to rebuild into holds a reconciliation schema already: name an empty one")


def _execute(url: str, statement: sql.Composed) -> int:
    """How many rows it gives or changes."""
    try:
        with psycopg.connect(url, autocommit=True) as connection:
            return connection.execute(statement).rowcount
    except psycopg.Error as error:
        raise Fatal(f"The database to rebuild into cannot be had: {error}".strip()) from error
