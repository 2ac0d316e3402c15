"""Reports of use in PostgreSQL: a group of requests in one transaction, with the outbox; and reads of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from psycopg.types.json import Jsonb

from services.core.messages import UsageReport
from services.core.usage import account_of
from services.licensing.adapters.groups import decided, lock
from services.licensing.adapters.register import Append, licence_of
from services.licensing.adapters.search import Page
from services.licensing.adapters.usage_bodies import usage_content, usage_of
from services.licensing.domain.usage import Recorded, RecordUsage, UsageOf, record_usage
from services.runtime.database import Connection, Database

_LICENCES = """
SELECT r.content FROM licensing.licence l JOIN licensing.licence_revision r ON (r.ref, r.revision) = (l.ref, l.revision)
WHERE l.ref = ANY(%s)
"""
_KNOWN = """
SELECT u.content, u.counts FROM licensing.usage_report u
JOIN unnest(%s::text[], %s::text[]) AS asked (licence, id) ON (u.licence, u.id) = (asked.licence, asked.id)
"""
_COUNTING = """
SELECT u.content FROM licensing.usage_report u
JOIN (SELECT DISTINCT * FROM unnest(%s::text[], %s::integer[], %s::text[]) AS a (licence, line, channel)) AS asked
    USING (licence, line, channel)
WHERE u.counts ORDER BY u.place
"""
_WRITE = """
INSERT INTO licensing.usage_report (licence, id, line, channel, period_from, period_to, counts, content)
VALUES (%s, %s, %s, %s, %s, %s, true, %s)
"""
_REPLACED = "UPDATE licensing.usage_report SET counts = false WHERE licence = %s AND id = ANY(%s)"


class UsageRegister:
    """Applies requests in order of arrival; each gets what was recorded, or the Refused that answers it.

    The requests on one licence follow each other: what counts is decided, and published, in one order.
    """

    def __init__(self, append: Append) -> None:
        self._append = append

    async def apply(
        self, connection: Connection, commands: Sequence[RecordUsage], traces: Sequence[str | None]
    ) -> list[Recorded | Exception]:
        known = await _load(connection, commands)
        before = {ref: _ids(of) for ref, of in known.items()}

        def decide(asked: RecordUsage) -> tuple[Recorded, Sequence[UsageReport]]:
            recorded = record_usage(known.get(asked.licence), asked)
            known[asked.licence] = recorded.after
            return recorded, recorded.made

        group = decided(commands, traces, decide)
        if group.made:
            await _write(connection, group.made)
            for ref in sorted(known):
                made = {report.id for report in group.made if report.licence == ref}
                if replaced := (before[ref] | made) - _ids(known[ref]):
                    await connection.execute(_REPLACED, (ref, sorted(replaced)))
            at = max(report.reported_at for report in group.made)
            await self._append(connection, group.made, at, group.traces)
        return group.answers


def _ids(of: UsageOf) -> set[str]:
    return {report.id for reports in of.counting.values() for report in reports}


async def _load(connection: Connection, commands: Sequence[RecordUsage]) -> dict[str, UsageOf]:
    refs = sorted({command.licence for command in commands})
    await lock(connection, [f"licensing usage {ref}" for ref in refs])
    asked = [report for command in commands for _, report in command.reports]
    known = {}
    for row in await (await connection.execute(_LICENCES, (refs,))).fetchall():
        licence = licence_of(row["content"])
        known[str(licence.ref)] = UsageOf(licence)
    by_id = ([report.licence for report in asked], [report.id for report in asked])
    for row in await (await connection.execute(_KNOWN, by_id)).fetchall():
        report = usage_of(row["content"])
        known[report.licence].by_id[report.id] = report
    places = [(report.licence, report.line, report.channel.value) for report in asked]
    accounts = tuple(map(list, zip(*places, strict=True)))
    for row in await (await connection.execute(_COUNTING, accounts)).fetchall():
        report = usage_of(row["content"])
        known[report.licence].counting.setdefault(account_of(report), []).append(report)
    return known


async def _write(connection: Connection, made: Sequence[UsageReport]) -> None:
    async with connection.cursor() as cursor:
        await cursor.executemany(_WRITE, [_row(report) for report in made])


def _row(of: UsageReport) -> tuple[object, ...]:
    period = (of.period_from, of.period_to)
    return (of.licence, of.id, of.line, of.channel.value, *period, Jsonb(usage_content(of)))


@dataclass(frozen=True, slots=True)
class Wanted:
    """Of which channel, and with a day of its period within these; None: any."""

    channel: str | None = None
    first: date | None = None
    last: date | None = None


class UsageSearch:
    """Reads committed rows; never behind an answered request."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, licence: str, wanted: Wanted, page: Page) -> list[dict[str, Any]]:
        """Reports of a licence in order of their id, each with whether it counts."""
        query = """
            SELECT content, counts FROM licensing.usage_report
            WHERE licence = %(licence)s AND id > %(after)s
              AND (%(channel)s::text IS NULL OR channel = %(channel)s)
              AND (%(first)s::date IS NULL OR period_to >= %(first)s)
              AND (%(last)s::date IS NULL OR period_from <= %(last)s)
            ORDER BY id LIMIT %(limit)s
        """
        values = {"licence": licence, "after": page.after, "limit": page.limit}
        period = {"channel": wanted.channel, "first": wanted.first, "last": wanted.last}
        return [_view(row) for row in await self._database.rows(query.encode(), {**values, **period})]


def _view(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**row["content"], "counts": row["counts"]}
