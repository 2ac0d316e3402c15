"""Where the fold keeps alerts: one transaction writes the alert, its findings and what the webhook has to deliver."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial

from psycopg.rows import DictRow

from services.alerting.adapters.metrics import ALERTS, FINDINGS, MESSAGE_TO_ALERT
from services.alerting.adapters.tally import Tally
from services.alerting.adapters.views import alert_view, time_text
from services.alerting.domain.alert import Case, Step
from services.core.messages import Alert
from services.runtime.codec import Codec
from services.runtime.database import Connection

_LOAD = "SELECT id, content FROM alerting.alert WHERE id = ANY(%s)"
_REVISIONS = "SELECT id, revision FROM alerting.alert WHERE id = ANY(%s)"
_OPEN = """
INSERT INTO alerting.alert
    (id, partition, revision, state, code, severity, track, licence, mrn, raised_at, received_at, content)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (id) DO UPDATE SET revision = excluded.revision, state = excluded.state, severity = excluded.severity,
    track = excluded.track, raised_at = excluded.raised_at, content = excluded.content
"""
_FINDING = "INSERT INTO alerting.finding (alert_id, revision, finding_id, content) VALUES (%s, %s, %s, %s)"
_KNOW_ENDPOINTS = "INSERT INTO alerting.endpoint (id) SELECT unnest(%s::text[]) ON CONFLICT DO NOTHING"
_ENDPOINTS = "SELECT id FROM alerting.endpoint WHERE id = ANY(%s) AND disabled_at IS NULL ORDER BY id"
_DELIVERY = "INSERT INTO alerting.delivery (endpoint, subject, revision, body) VALUES (%s, %s, %s, %s)"
_OPENED_AT = "SELECT id, opened_at FROM alerting.alert WHERE id = ANY(%s)"


class AlertStore:
    """Store of the fold `alerts`. `endpoints`: ids of those that get a delivery for each new revision."""

    def __init__(self, codec: Codec, tally: Tally, endpoints: Sequence[str]) -> None:
        self._codec = codec
        self._tally = tally
        self._endpoints = list(endpoints)

    async def load(self, connection: Connection, ids: Sequence[str]) -> Mapping[str, Case]:
        rows = await (await connection.execute(_LOAD, (list(ids),))).fetchall()
        return {row["id"]: Case(self._codec.decode_record(Alert, bytes(row["content"]))) for row in rows}

    async def save(self, connection: Connection, partition: int, states: Mapping[str, Case]) -> None:
        known = {r["id"]: r["revision"] for r in await _rows(connection, _REVISIONS, list(states))}
        new = [step for key, case in states.items() for step in case.steps if step.alert.revision > known.get(key, 0)]
        fresh = [key for key in states if key not in known]
        received = {step.alert.id: _received_at(step) for step in new if step.alert.revision == 1}
        alerts = [case.alert for case in states.values() if case.alert is not None]
        async with connection.cursor() as cursor:
            await cursor.executemany(_OPEN, [self._row(partition, a, received.get(a.id)) for a in alerts])
            await cursor.executemany(_FINDING, [self._finding_row(step) for step in new])
            await cursor.executemany(_DELIVERY, await self._deliveries(connection, new))
        opened = {r["id"]: r["opened_at"] for r in await _rows(connection, _OPENED_AT, fresh)}
        await self._tally.after_commit(connection, partial(_count, new, opened))

    async def _deliveries(self, connection: Connection, new: Sequence[Step]) -> list[tuple[object, ...]]:
        if not self._endpoints or not new:
            return []
        await connection.execute(_KNOW_ENDPOINTS, (self._endpoints,))
        endpoints = [row["id"] for row in await _rows(connection, _ENDPOINTS, self._endpoints)]
        return [(e, s.alert.id, s.alert.revision, webhook_body(s.alert)) for s in new for e in endpoints]

    def _row(self, partition: int, alert: Alert, received_at: datetime | None) -> tuple[object, ...]:
        words = (alert.state.value, alert.code, alert.severity.value, alert.track.value)
        about = (alert.licence, alert.mrn, alert.raised_at, received_at)
        return (alert.id, partition, alert.revision, *words, *about, self._codec.encode_record(alert))

    def _finding_row(self, step: Step) -> tuple[object, ...]:
        content = self._codec.encode_record(step.finding)
        return (step.alert.id, step.alert.revision, step.finding.id, content)


def webhook_body(alert: Alert) -> str:
    """The payload of a webhook, kept with the delivery: every attempt signs and sends the same text."""
    kind = "alert.opened" if alert.revision == 1 else "alert.updated"
    document = {"type": kind, "timestamp": time_text(alert.updated_at), "data": alert_view(alert)}
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


async def _rows(connection: Connection, query: str, ids: list[str]) -> list[DictRow]:
    return await (await connection.execute(query.encode(), (ids,))).fetchall() if ids else []


def _received_at(step: Step) -> datetime | None:
    return min((source.received_at for source in step.finding.sources), default=None)


def _count(steps: Sequence[Step], opened: Mapping[str, datetime]) -> None:
    for step in steps:
        kind = (step.finding.code, step.finding.severity.lower(), step.finding.track.lower())
        FINDINGS.labels(*kind).inc()
        if step.alert.revision == 1:
            ALERTS.labels(*kind).inc()
            waited = opened[step.alert.id] - step.finding.raised_at
            MESSAGE_TO_ALERT.observe(max(0.0, waited.total_seconds()))
