"""Delivers webhooks, signed as Standard Webhooks says. What is due, and how often it was tried, is a table.

A service's schema has the tables `endpoint` and `delivery`; its fold writes a row for each revision of a subject and
destination, in the transaction of what the row tells. Each destination has a loop of its own: one that is slow or away
holds up no other. Revisions of a subject go out in their order; a later one waits until the earlier has ended.

An attempt is claimed before it is made: the claim moves `due_at` ahead, so other processes pass it over, and a process
that dies in mid-attempt leaves it to be claimed again. A receiver may thus see a delivery twice, with the same
`webhook-id`.
"""

import asyncio
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx
from psycopg.rows import DictRow
from standardwebhooks import Webhook

from services.runtime.crash import crash_point
from services.runtime.database import AWAY, Database
from services.runtime.statements import Statements
from services.runtime.telemetry import log
from services.runtime.webhook.egress import Forbidden, resolve
from services.runtime.webhook.endpoint import Endpoint
from services.runtime.webhook.metrics import DELIVERIES
from services.runtime.webhook.retry import Outcome, delay, outcome

AT_ONCE = 16
PAUSE_S = 0.5

_KNOW = "INSERT INTO {s}.endpoint (id) VALUES (%s) ON CONFLICT DO NOTHING"
_CLAIM = """
UPDATE {s}.delivery d SET attempts = attempts + 1, due_at = clock_timestamp() + %(claim)s
FROM (
    SELECT p.subject, p.revision FROM {s}.delivery p
    JOIN {s}.endpoint e ON e.id = p.endpoint AND e.disabled_at IS NULL
    WHERE p.endpoint = %(endpoint)s AND p.state = 'pending' AND p.due_at <= clock_timestamp() AND NOT EXISTS (
        SELECT FROM {s}.delivery b
        WHERE b.endpoint = p.endpoint AND b.subject = p.subject AND b.revision < p.revision AND b.state = 'pending'
    )
    ORDER BY p.due_at FOR UPDATE OF p SKIP LOCKED LIMIT %(most)s
) due
WHERE d.endpoint = %(endpoint)s AND d.subject = due.subject AND d.revision = due.revision
RETURNING d.subject, d.revision, d.body, d.attempts, clock_timestamp() - d.created_at AS age
"""
_END = """
UPDATE {s}.delivery SET state = %(state)s, last_status = %(status)s, last_error = %(error)s,
    ended_at = clock_timestamp()
WHERE endpoint = %(endpoint)s AND subject = %(subject)s AND revision = %(revision)s AND state = 'pending'
"""
_AGAIN = """
UPDATE {s}.delivery SET due_at = clock_timestamp() + %(pause)s, last_status = %(status)s, last_error = %(error)s
WHERE endpoint = %(endpoint)s AND subject = %(subject)s AND revision = %(revision)s AND state = 'pending'
"""
_DISABLE = "UPDATE {s}.endpoint SET disabled_at = clock_timestamp() WHERE id = %s AND disabled_at IS NULL"
_DROP = """
UPDATE {s}.delivery SET state = 'gone', last_status = 410, ended_at = clock_timestamp()
WHERE endpoint = %s AND state = 'pending'
"""
_STATEMENTS = Statements()


@dataclass(frozen=True, slots=True)
class Answer:
    """What an attempt met: a status, or why there was none."""

    status: int | None
    error: str | None = None


class Deliveries:
    """The loop that sends what is due to one endpoint."""

    def __init__(self, database: Database, service: str, endpoint: Endpoint) -> None:
        self._database = database
        self._service = service
        self._endpoint = endpoint
        self._signer = Webhook(endpoint.secret.get_secret_value())

    async def run(self) -> None:
        """Deliver until cancelled."""
        known = False
        async with self.client() as client:
            while True:
                try:
                    if not known:
                        await self._execute(_KNOW, (self._endpoint.id,))
                        known = True
                    tried = await self.deliver_due(client)
                except AWAY as error:
                    log.warning("webhook.waiting", endpoint=self._endpoint.id, reason=str(error))
                    tried = 0
                if tried < AT_ONCE:
                    await asyncio.sleep(PAUSE_S)

    def client(self) -> httpx.AsyncClient:
        """No redirects, and no proxy from the environment: both would lead past the check of the address."""
        return httpx.AsyncClient(follow_redirects=False, trust_env=False, timeout=self._endpoint.timeout_s)

    async def deliver_due(self, client: httpx.AsyncClient) -> int:
        """Make one attempt for each of up to `AT_ONCE` deliveries that are due; how many it was."""
        claim = timedelta(seconds=self._endpoint.timeout_s + 20)
        values = {"endpoint": self._endpoint.id, "claim": claim, "most": AT_ONCE}
        rows = await self._database.rows(_STATEMENTS.of(self._service, _CLAIM), values)
        if rows:
            crash_point("webhook-before-post", self._service)
        ended = await asyncio.gather(*(self._attempt(client, row) for row in rows), return_exceptions=True)
        for error in ended:
            if error is not None:
                raise error
        return len(rows)

    async def _attempt(self, client: httpx.AsyncClient, row: DictRow) -> None:
        answer = await self._post(client, f"msg_{row['subject']}_{row['revision']}", row["body"])
        crash_point("webhook-after-post", self._service)
        became = outcome(answer.status, row["age"])
        values = {
            "endpoint": self._endpoint.id,
            "subject": row["subject"],
            "revision": row["revision"],
            "status": answer.status,
            "error": answer.error,
        }
        if became is Outcome.RETRY:
            pause = delay(row["attempts"], random.random())  # noqa: S311 - spreads load, guards nothing
            await self._execute(_AGAIN, {**values, "pause": pause})
        elif became is Outcome.GONE:
            await self._disable()
        else:
            await self._execute(_END, {**values, "state": became.value})
        DELIVERIES.labels(self._service, self._endpoint.id, became.value).inc()
        told = log.info if became in {Outcome.DELIVERED, Outcome.RETRY} else log.error
        told("webhook.attempt", endpoint=self._endpoint.id, revision=row["revision"], outcome=became.value)

    async def _disable(self) -> None:
        async with self._database.transaction() as connection:
            # The endpoint's row first: attempts that all meet 410 then wait there and not for one another's rows.
            await connection.execute(_STATEMENTS.of(self._service, _DISABLE), (self._endpoint.id,))
            await connection.execute(_STATEMENTS.of(self._service, _DROP), (self._endpoint.id,))

    async def _execute(self, text: str, values: Sequence[object] | Mapping[str, object]) -> None:
        async with self._database.connection() as connection:
            await connection.execute(_STATEMENTS.of(self._service, text), values)

    async def _post(self, client: httpx.AsyncClient, message_id: str, body: str) -> Answer:
        now = datetime.now(UTC)
        headers = {
            "content-type": "application/json",
            "user-agent": f"tolbrug-{self._service}",
            "webhook-id": message_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._signer.sign(message_id, now, body),
        }
        try:
            async with asyncio.timeout(self._endpoint.timeout_s):
                target = await resolve(self._endpoint.url, allow_private=self._endpoint.allow_private)
                request = client.build_request(
                    "POST",
                    target.url,
                    content=body.encode(),
                    headers={**headers, "host": target.host_header},
                    extensions={"sni_hostname": target.tls_name},
                )
                answer = await client.send(request, stream=True)
                await answer.aclose()
        except TimeoutError:
            return Answer(None, f"no answer within {self._endpoint.timeout_s} s")
        except (Forbidden, OSError, ValueError, httpx.HTTPError, httpx.InvalidURL) as error:
            return Answer(None, f"{type(error).__name__}: {error}"[:500])
        return Answer(answer.status_code)
