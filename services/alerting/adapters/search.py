"""Reads of alerts: pages, newest first, and one with its evidence and what has happened to it."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.rows import DictRow

from services.alerting.adapters.views import Opened, alert_view, finding_view, time_text
from services.core.messages import Alert, Finding
from services.runtime.codec import Codec
from services.runtime.database import Database

FILTERS = ("state", "code", "severity", "track", "licence", "mrn")

_ALERT = "SELECT id, opened_at, received_at, content FROM alerting.alert"
_FINDINGS = "SELECT revision, content, recorded_at FROM alerting.finding WHERE alert_id = %s ORDER BY revision"
_DELIVERIES = (
    "SELECT endpoint, revision, state, attempts, last_status, ended_at FROM alerting.delivery"
    " WHERE subject = %s ORDER BY revision, endpoint"
)


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last alert of a page; the next page starts after it."""

    opened_at: datetime
    id: str

    @classmethod
    def parse(cls, text: str) -> "Cursor":
        """ValueError when it is not the `str` of one."""
        try:
            when, _, name = (
                base64.b64decode(text.encode(), altchars=b"-_", validate=True).decode("ascii").partition("|")
            )
        except (binascii.Error, UnicodeError) as error:
            raise ValueError("not one of `next`") from error
        opened_at = datetime.fromisoformat(when)
        if opened_at.tzinfo is None or not name.isalnum():
            raise ValueError("not one of `next`")
        return cls(opened_at, name)

    def __str__(self) -> str:
        return base64.urlsafe_b64encode(f"{self.opened_at.isoformat()}|{self.id}".encode()).decode()


class Search:
    """Reads committed rows."""

    def __init__(self, database: Database, codec: Codec) -> None:
        self._database = database
        self._codec = codec

    async def alerts(
        self, wanted: Mapping[str, str], cursor: Cursor | None, limit: int
    ) -> tuple[list[dict[str, Any]], str | None]:
        """A page and the cursor of the next one. `wanted`: names of `FILTERS` with the stored word each must equal."""
        tests = [f"{name} = %({name})s" for name in FILTERS if name in wanted]
        values: dict[str, Any] = {**wanted, "limit": limit + 1}
        if cursor is not None:
            tests.append("(opened_at, id) < (%(opened_at)s, %(id)s)")
            values |= {"opened_at": cursor.opened_at, "id": cursor.id}
        where = f" WHERE {' AND '.join(tests)}" if tests else ""
        query = f"{_ALERT}{where} ORDER BY opened_at DESC, id DESC LIMIT %(limit)s"
        rows = await self._database.rows(query.encode(), values)
        last = rows[limit - 1] if len(rows) > limit else None
        following = None if last is None else str(Cursor(last["opened_at"], last["id"]))
        return [self._view(row) for row in rows[:limit]], following

    async def alert(self, name: str) -> dict[str, Any] | None:
        """One alert with `evidence` and `timeline`."""
        rows = await self._database.rows(f"{_ALERT} WHERE id = %s".encode(), (name,))
        if not rows:
            return None
        findings = [
            (self._codec.decode_record(Finding, bytes(row["content"])), row)
            for row in await self._database.rows(_FINDINGS, (name,))
        ]
        deliveries = await self._database.rows(_DELIVERIES, (name,))
        timeline = [_found(finding, row) for finding, row in findings]
        timeline += [_sent(row) for row in deliveries if row["ended_at"] is not None]
        timeline.sort(key=lambda event: str(event["at"]))
        evidence = [finding_view(finding) for finding, _ in findings]
        return {**self._view(rows[0]), "evidence": evidence, "timeline": timeline}

    def _view(self, row: DictRow) -> dict[str, Any]:
        alert = self._codec.decode_record(Alert, bytes(row["content"]))
        return alert_view(alert, Opened(row["opened_at"], row["received_at"]))


def _found(finding: Finding, row: DictRow) -> dict[str, Any]:
    event = "opened" if row["revision"] == 1 else "finding"
    at = time_text(row["recorded_at"])
    return {"at": at, "event": event, "revision": row["revision"], "finding": finding.id, "summary": finding.summary}


def _sent(row: DictRow) -> dict[str, Any]:
    about = {name: row[name] for name in ("revision", "endpoint", "attempts", "last_status")}
    return {"at": time_text(row["ended_at"]), "event": f"webhook-{row['state']}", **about}
