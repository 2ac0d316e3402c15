"""`GET /v1/lite/usage-data`: what licences were used for since the file before, as a `usageData` file."""

import re
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Final, NamedTuple

from fastapi import APIRouter, Query, Response

from services.core.errors import Fault, Refused
from services.core.messages import Entry
from services.core.values import format_amount
from services.reconciliation.adapters.http import ReadEntries, ReadLedger
from services.reconciliation.domain.lite_usage import LicenceUsage, LineUsage, Used, usage_of
from services.runtime.database import Database

SPAN: Final = 200
"""Outputs of a partition that one file is made of at most."""
_ENDS = "SELECT partition, last_output FROM reconciliation.fold WHERE fold = %s ORDER BY partition"
_CHANGED = (
    "SELECT entry_of, min(entry_revision) AS first, max(entry_revision) AS last FROM reconciliation.output"
    " WHERE fold = %s AND partition = %s AND seq > %s AND seq <= %s AND starts_with(entry_of, %s)"
    " GROUP BY entry_of ORDER BY entry_of"
)
_LAST = (
    "SELECT entry_of, entry_revision FROM reconciliation.output WHERE fold = %s AND partition = %s AND seq <= %s"
    " AND entry_of IS NOT NULL ORDER BY seq DESC LIMIT 1"
)
_PLACE_OF = (
    "SELECT seq FROM reconciliation.output WHERE fold = %s AND partition = %s AND entry_of = %s AND entry_revision = %s"
)
_PLACE = r"(\d{1,5}):(\d{1,18})(?:\.(\d{1,18})\.((?:(?!00)[0-9a-f]{2}){1,600}))?"
_SINCE = re.compile(f"({_PLACE}(-{_PLACE})*)?")

Since = Annotated[str, Query(max_length=16_000, description="`Next-Since` of the file before; without it, all.")]
Run = Annotated[int, Query(ge=0, le=99_999, description="The run number that the receiver expects.")]
System = Annotated[str, Query(pattern="^[A-Z]{1,8}$")]


@dataclass(frozen=True, slots=True)
class Changed:
    """A licence and the revisions that a file is to tell of."""

    licence: str
    first: int
    last: int


class Place(NamedTuple):
    """To which output of a partition files have told, and the last entry by then.

    A ledger that is given again has the same entries in the same order, with other outputs between them.
    """

    output: int = 0
    licence: str = ""
    revision: int = 0

    def __str__(self) -> str:
        entry = f".{self.revision}.{self.licence.encode().hex()}" if self.revision else ""
        return f"{self.output}{entry}"


Places = Mapping[int, Place]
"""By partition."""


class Changes:
    """Finds which ledgers have entries between two places of the outputs."""

    def __init__(self, database: Database, fold: str) -> None:
        self._database = database
        self._fold = fold

    async def after(self, since: Places, prefix: str) -> tuple[list[Changed], dict[int, Place]]:
        """In order of partition and licence, and the place that was come to: at most `SPAN` further in each.

        Refused 409 for a place that this ledger does not have.
        """
        found: list[Changed] = []
        places: dict[int, Place] = {}
        for end in await self._database.rows(_ENDS, (self._fold,)):
            partition, last = end["partition"], end["last_output"]
            begins = await self._begins(partition, since.get(partition, Place()), last)
            ends = min(last, begins + SPAN)
            rows = await self._database.rows(_CHANGED, (self._fold, partition, begins, ends, prefix))
            found += [Changed(row["entry_of"], row["first"], row["last"]) for row in rows]
            places[partition] = await self._place(partition, ends)
        return found, places

    async def _begins(self, partition: int, told: Place, last: int) -> int:
        """The output after which nothing was told."""
        if told.output <= last and (not told.revision or await self._place(partition, told.output) == told):
            return told.output
        entry = (self._fold, partition, told.licence, told.revision)
        rows = await self._database.rows(_PLACE_OF, entry) if told.revision else []
        if not rows:
            detail = "this ledger does not have it: ask without it, totals stay right"
            raise Refused(409, "The place is not there", (Fault("since", "since-gone", detail),))
        return int(rows[0]["seq"])

    async def _place(self, partition: int, output: int) -> Place:
        rows = await self._database.rows(_LAST, (self._fold, partition, output))
        return Place(output, rows[0]["entry_of"], rows[0]["entry_revision"]) if rows else Place(output)


FindChanges = Callable[[Places, str], Awaitable[tuple[list[Changed], dict[int, Place]]]]


def lite_usage_router(changes: FindChanges, ledger_of: ReadLedger, entries_of: ReadEntries) -> APIRouter:
    """One route; it reads only, so a file that was lost is asked for again."""
    router = APIRouter(tags=["reconciliation"])

    @router.get("/v1/lite/usage-data", response_class=Response)
    async def usage_data(
        run: Run, since: Since = "", prefix: str = "", source: System = "CHIEF", destination: System = "SPIRE"
    ) -> Response:
        """Totals as of the entries it is made of. 204: nothing to tell yet. `prefix`: of the references of licences."""
        at = datetime.now(UTC)
        changed, places = await changes(_places(since), prefix)
        usages = [usage for one in changed if (usage := await _usage(one, at, ledger_of, entries_of)) is not None]
        headers = {"Next-Since": "-".join(f"{partition}:{place}" for partition, place in sorted(places.items()))}
        if not usages:
            return Response(status_code=204, headers=headers)
        header = f"fileHeader\\{source}\\{destination}\\usageData\\{at:%Y%m%d%H%M}\\{run}\\"
        return Response(usage_file(header, run, usages), media_type="text/plain", headers=headers)

    return router


async def _usage(changed: Changed, at: datetime, ledger_of: ReadLedger, entries_of: ReadEntries) -> LicenceUsage | None:
    """None also for a licence that nobody has issued yet: what is asked of it is told once it is there."""
    # The format cannot name a licence with its own separator in the reference, and never brought it.
    ledger = None if "\\" in changed.licence else await ledger_of(changed.licence)
    if ledger is None or ledger.terms is None:
        return None
    begins = max(changed.first - 2, 0)
    found = await entries_of(changed.licence, begins, changed.last - begins)
    entries = [entry for entry in found if isinstance(entry, Entry)]
    return usage_of(ledger.terms, changed.first, entries, at) if entries else None


def _places(since: str) -> dict[int, Place]:
    if not _SINCE.fullmatch(since):
        raise _unreadable()
    try:
        return {
            int(partition): Place(int(output), bytes.fromhex(licence).decode(), int(revision or 0))
            for partition, output, revision, licence in re.findall(_PLACE, since)
        }
    except UnicodeDecodeError as error:
        raise _unreadable() from error


def _unreadable() -> Refused:
    return Refused(422, "The request is not acceptable", (Fault("since", "since", "not one of `Next-Since`"),))


def usage_file(header: str, run: int, usages: Sequence[LicenceUsage]) -> str:
    """All records between header and trailer, numbered."""
    records = [header]
    for number, usage in enumerate(usages, 1):
        records += _licence(f"LU{run:05}/{number:05}", usage)
    records.append(f"fileTrailer\\{len(usages)}")
    return "".join(f"{number}\\{record}\n" for number, record in enumerate(records, 1))


def _licence(transaction: str, usage: LicenceUsage) -> list[str]:
    completed = "" if usage.completed is None else f"{usage.completed:%Y%m%d}"
    records = [f"licenceUsage\\{transaction}\\insert\\{usage.licence}\\{usage.status}\\{completed}"]
    for line in usage.lines:
        records += _line(line)
    return [*records, f"end\\licenceUsage\\{len(records) + 1}"]


def _line(line: LineUsage) -> Iterator[str]:
    totals = f"{format_amount(line.quantity)}\\{format_amount(line.value)}\\{line.currency or ''}"
    yield f"line\\{line.line}\\{totals}"
    for used in line.uses:
        yield _used(used, line.currency or "")
    yield f"end\\line\\{len(line.uses) + 2}"


def _used(used: Used, currency: str) -> str:
    """`O` was used, `C` came back. A declaration has one part here, and is named by its MRN."""
    amounts = f"{format_amount(used.quantity)}\\{format_amount(used.value)}\\{currency}"
    kind = "C" if used.back else "O"
    document = used.document.replace("\\", "/")
    return f"usage\\{kind}\\{document}\\1\\{used.day:%Y%m%d}\\{amounts}\\{used.trader}\\\\\\\\\\\\\\"
