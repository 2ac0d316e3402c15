"""Delivers alerts to a webhook, signed as Standard Webhooks says. What is due, and how often it was tried, is a table.

An attempt is claimed before it is made: the claim moves `due_at` ahead, so other processes pass it over, and a process
that dies in mid-attempt leaves it to be claimed again. A receiver may thus see a delivery twice, with the same
`webhook-id`.
"""

import asyncio
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import httpx
from psycopg.rows import DictRow
from pydantic import SecretStr
from standardwebhooks import Webhook

from services.alerting.adapters.egress import Forbidden, resolve
from services.alerting.adapters.metrics import DELIVERIES
from services.alerting.domain.retry import Outcome, delay, outcome
from services.runtime.crash import crash_point
from services.runtime.database import AWAY, Database
from services.runtime.telemetry import log

AT_ONCE = 16
PAUSE_S = 0.5

_CLAIM = """
UPDATE alerting.delivery d SET attempts = attempts + 1, due_at = clock_timestamp() + %(claim)s
FROM (
    SELECT p.alert_id, p.revision FROM alerting.delivery p
    JOIN alerting.endpoint e ON e.id = p.endpoint AND e.disabled_at IS NULL
    WHERE p.endpoint = %(endpoint)s AND p.state = 'pending' AND p.due_at <= clock_timestamp()
    ORDER BY p.due_at FOR UPDATE OF p SKIP LOCKED LIMIT %(most)s
) due
WHERE d.endpoint = %(endpoint)s AND d.alert_id = due.alert_id AND d.revision = due.revision
RETURNING d.alert_id, d.revision, d.body, d.attempts, clock_timestamp() - d.created_at AS age
"""
_END = """
UPDATE alerting.delivery SET state = %(state)s, last_status = %(status)s, last_error = %(error)s,
    ended_at = clock_timestamp()
WHERE endpoint = %(endpoint)s AND alert_id = %(alert_id)s AND revision = %(revision)s AND state = 'pending'
"""
_AGAIN = """
UPDATE alerting.delivery SET due_at = clock_timestamp() + %(pause)s, last_status = %(status)s, last_error = %(error)s
WHERE endpoint = %(endpoint)s AND alert_id = %(alert_id)s AND revision = %(revision)s AND state = 'pending'
"""
_DISABLE = "UPDATE alerting.endpoint SET disabled_at = clock_timestamp() WHERE id = %s AND disabled_at IS NULL"
_DROP = """
UPDATE alerting.delivery SET state = 'gone', last_status = 410, ended_at = clock_timestamp()
WHERE endpoint = %s AND state = 'pending'
"""


@dataclass(frozen=True)
class Endpoint:
    """Where webhooks go. `id` names it in the table without showing the URL."""

    url: str
    secret: SecretStr
    allow_private: bool
    timeout_s: float

    @property
    def id(self) -> str:
        return sha256(self.url.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Answer:
    """What an attempt met: a status, or why there was none."""

    status: int | None
    error: str | None = None


class Deliveries:
    """The loop that sends what is due to one endpoint."""

    def __init__(self, database: Database, endpoint: Endpoint) -> None:
        self._database = database
        self._endpoint = endpoint
        self._signer = Webhook(endpoint.secret.get_secret_value())

    async def run(self) -> None:
        """Deliver until cancelled."""
        async with self.client() as client:
            while True:
                try:
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
        rows = await self._database.rows(_CLAIM.encode(), values)
        ended = await asyncio.gather(*(self._attempt(client, row) for row in rows), return_exceptions=True)
        for error in ended:
            if error is not None:
                raise error
        return len(rows)

    async def _attempt(self, client: httpx.AsyncClient, row: DictRow) -> None:
        answer = await self._post(client, f"msg_{row['alert_id']}_{row['revision']}", row["body"])
        crash_point("webhook-after-post")
        became = outcome(answer.status, row["age"])
        values = {
            "endpoint": self._endpoint.id,
            "alert_id": row["alert_id"],
            "revision": row["revision"],
            "status": answer.status,
            "error": answer.error,
        }
        async with self._database.transaction() as connection:
            if became is Outcome.RETRY:
                pause = delay(row["attempts"], random.random())  # noqa: S311 - spreads load, guards nothing
                await connection.execute(_AGAIN, {**values, "pause": pause})
            elif became is Outcome.GONE:
                # The endpoint's row first: attempts that all meet 410 then wait there and not for one another's rows.
                await connection.execute(_DISABLE, (self._endpoint.id,))
                await connection.execute(_DROP, (self._endpoint.id,))
            else:
                await connection.execute(_END, {**values, "state": became.value})
        DELIVERIES.labels(became.value).inc()
        log.info("webhook.attempt", alert=row["alert_id"], revision=row["revision"], outcome=became.value)

    async def _post(self, client: httpx.AsyncClient, message_id: str, body: str) -> Answer:
        now = datetime.now(UTC)
        headers = {
            "content-type": "application/json",
            "user-agent": "tolbrug-alerting",
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
