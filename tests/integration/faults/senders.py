"""How a load gets in: through the doors, each message until it is taken, or as the doors write their outboxes."""

import asyncio
import json
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from services.core.message import Message as Published
from services.core.messages import LicenceStatus, StatusChange
from services.customs import handlers
from services.customs.adapters.intake import read
from services.customs.domain.reading import Logged, message_id
from services.licensing.adapters.bodies import LicenceBody
from services.runtime.codec import Codec
from services.runtime.database import Database
from services.runtime.outbox import Outbox
from tests.integration.faults.fleet import Fleet
from tests.integration.faults.load import REFUSED, Change, Event, Load, Message
from tests.integration.faults.nodes import Node, a_node

ZONE = "Europe/Brussels"
PAUSE_S = 0.05
AT_ONCE = 8
GROUP = 250
DEEPEST = 2_000
"""Unpublished rows of an outbox beyond which the writer waits, so that the load lasts as long as the work does."""


@dataclass
class Doors:
    """Senders that repeat what was not answered, at any worker that lives. `taken`: our ids by MRN.

    Of four customs messages one is put on the party's topic, and another one is both put there and sent.
    """

    fleet: Fleet
    taken: dict[str, set[str]] = field(default_factory=dict)
    sent: int = 0

    async def issue(self, load: Load) -> None:
        async with self._client() as client:
            await self._all(client, (("/v1/licences", body) for body in load.issues()))

    async def refuse(self) -> None:
        """So that there is something to compare shipments with."""
        async with self._client() as client:
            await self._until_taken(client, "/v1/refusals", REFUSED)

    async def send(self, events: Iterable[Event]) -> None:
        """Customs messages by several senders at once; the authority makes its changes one after another."""
        waiting = iter(events)
        async with self._client() as client, a_node(self.fleet.installation) as node:
            await asyncio.gather(*(self._sender(client, node, waiting) for _ in range(AT_ONCE)))

    async def _sender(self, client: httpx.AsyncClient, node: Node, events: Iterator[Event]) -> None:
        for event in events:
            if isinstance(event, Message):
                self.sent += 1
                ids = self.taken.setdefault(event.body["mrn"], set())
                way = self.sent % 4
                if way < 2:
                    ids.add(await node.put(event.body))
                if way > 0:
                    answer = await self._until_taken(client, "/v1/customs/messages", event.body)
                    ids.add(answer.json()["id"])
            elif event.status is not None:
                # 409: the history does not allow this step, or it was taken before its answer was lost.
                path = "/v1/licences/status?" + str(httpx.QueryParams(ref=event.ref))
                await self._until_taken(client, path, event.status, known={409})

    async def _all(self, client: httpx.AsyncClient, requests: Iterable[tuple[str, dict[str, Any]]]) -> None:
        waiting = iter(requests)

        async def one() -> None:
            for path, body in waiting:
                await self._until_taken(client, path, body)

        await asyncio.gather(*(one() for _ in range(AT_ONCE)))

    async def _until_taken(
        self, client: httpx.AsyncClient, path: str, body: dict[str, Any], known: Iterable[int] = ()
    ) -> httpx.Response:
        while True:
            if self.fleet.alive:
                try:
                    answer = await client.post(random.choice(self.fleet.alive).url + path, json=body)
                except httpx.TransportError:
                    await asyncio.sleep(PAUSE_S)
                    continue
                if answer.is_success or answer.status_code in known:
                    return answer
                assert answer.status_code in {429, 503}, answer.text
            await asyncio.sleep(PAUSE_S)

    @staticmethod
    def _client() -> httpx.AsyncClient:
        return httpx.AsyncClient(timeout=15, trust_env=False)


@dataclass
class Outboxes:
    """Facts and licences in the tables from which the doors' relays publish."""

    fleet: Fleet
    taken: dict[str, set[str]] = field(default_factory=dict)
    sent: int = 0
    _statuses: dict[str, tuple[StatusChange, ...]] = field(default_factory=dict)

    async def issue(self, load: Load) -> None:
        await self._write("licensing", (self._issued(body) for body in load.issues()))

    async def send(self, events: Iterable[Event]) -> None:
        """In the order they come; a licence and a message are in different outboxes."""
        waiting = iter(events)
        while group := list(islice(waiting, GROUP)):
            await self._write("customs", [self._fact(e.body) for e in group if isinstance(e, Message)])
            await self._write("licensing", [self._changed(e) for e in group if isinstance(e, Change)])
            self.sent += sum(isinstance(event, Message) for event in group)

    async def _write(self, service: str, messages: Iterable[Published]) -> None:
        waiting = iter(messages)
        database = Database(self.fleet.installation.database_url, size=2)
        await database.open()
        outbox = Outbox(database, service, Codec())
        try:
            while group := list(islice(waiting, GROUP)):
                while await outbox.depth() > DEEPEST:  # noqa: ASYNC110 - other processes publish
                    await asyncio.sleep(PAUSE_S)
                async with database.transaction() as connection:
                    await outbox.append(connection, group, datetime.now(UTC), [None] * len(group))
        finally:
            await database.close()

    def _fact(self, body: dict[str, Any]) -> Published:
        raw = json.dumps(body).encode()
        reading = read(raw, "application/json", None, ZoneInfo(ZONE))
        assert reading.identity is not None
        name = message_id("customs", reading.identity)
        received = datetime(2026, 3, 2, 9, tzinfo=UTC)  # of a repeat too: it is the same message
        logged = Logged(id=name, party="customs", sha256=sha256(raw).hexdigest(), received_at=received, reading=reading)
        [fact] = handlers.facts([handlers.receive(logged)])
        self.taken.setdefault(body["mrn"], set()).add(name)
        return fact

    def _issued(self, body: dict[str, Any]) -> Published:
        licence = LicenceBody.model_validate(body).licence(ZONE, datetime.now(UTC))
        self._statuses[licence.ref] = licence.statuses
        return licence

    def _changed(self, change: Change) -> Published:
        if change.status is not None:
            at = datetime.fromisoformat(change.status["effective_at"])
            step = StatusChange(status=LicenceStatus(change.status["status"].upper()), effective_at=at)
            self._statuses[change.ref] = (*self._statuses[change.ref], step)
        body = LicenceBody.model_validate(change.body)
        return body.revision_of(change.revision, ZONE, self._statuses[change.ref], datetime.now(UTC))
