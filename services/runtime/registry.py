"""Which schema stands behind which id: bundled with the product, or kept by a server with the Confluent API.

An id never changes its meaning. What was once learnt from a server is therefore kept for ever, in memory and under the
state directory, and a server that is down stops nothing that is known.
"""

import contextlib
import json
import os
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, Protocol

import httpx

from schemas import loader
from services.core.errors import Fatal, Transient
from services.core.message import Message
from services.core.messages import RECORDS

_MEDIA_TYPE = "application/vnd.schemaregistry.v1+json"
_NO_SUCH_SCHEMA = 40403
_LATER = 10_000
_TIMEOUT = httpx.Timeout(10, connect=3)

MESSAGES: Final[tuple[type[Message], ...]] = tuple(record for record in RECORDS if issubclass(record, Message))


class Registry(Protocol):
    """Ids of schemas. `id_of`, `known` and `absent` answer from memory; the others may ask a server."""

    def id_of(self, record: str) -> int:
        """The id to write our form of a message under. Transient before `prepare` has succeeded."""
        ...

    def known(self, schema_id: int) -> Any | None:
        """The schema behind an id met before."""
        ...

    def absent(self, schema_id: int) -> bool:
        """Whether an id did not exist when it was last asked for."""
        ...

    async def prepare(self) -> None:
        """Make the ids of all our messages known."""
        ...

    async def fetch(self, schema_id: int) -> None:
        """Make one id known, or known not to exist. Transient when the server does not answer."""
        ...

    async def close(self) -> None: ...


class BundledRegistry:
    """The ids of `schemas/released`: no server. Or the `ids` of the definitions that another package brings."""

    def __init__(self, package: str = loader.OURS, ids: Mapping[int, str] | None = None) -> None:
        self._package = package
        if ids is None:
            self._schemas = loader.released()
            names = {schema_id: name for schema_id, (name, _) in sorted(loader.released_ids().items())}
        else:
            self._schemas = {schema_id: loader.whole(name, package) for schema_id, name in ids.items()}
            names = dict(ids)
        self._ids = {name: schema_id for schema_id, name in names.items()}
        self._last = max(self._schemas)

    def id_of(self, record: str) -> int:
        """Fatal when the record is not what was last released: its bytes would be read wrongly."""
        schema_id = self._ids.get(record)
        if schema_id is None or loader.bare(self._schemas[schema_id]) != loader.bare(self.current(record)):
            raise Fatal(f"{record} is not as it was released: run `python -m schemas.release`")
        return schema_id

    def current(self, record: str) -> Any:
        """The schema that the record's class was generated from."""
        return loader.whole(record, self._package)

    def known(self, schema_id: int) -> Any | None:
        return self._schemas.get(schema_id)

    def absent(self, schema_id: int) -> bool:
        return schema_id not in self._schemas

    def later(self, schema_id: int) -> bool:
        """Whether an id can only come from a later release than this process."""
        return 0 < schema_id - self._last < _LATER

    async def prepare(self) -> None:
        for record in self._ids:
            self.id_of(record)

    async def fetch(self, schema_id: int) -> None:
        del schema_id

    async def close(self) -> None:
        return


class ConfluentRegistry:
    """Ids of a server that speaks the Confluent API (Confluent, Apicurio, Karapace).

    `url` is the root of that API, such as `http://registry:8081/apis/ccompat/v7`. Each message is registered under
    `<topic>-<full name>` and the subject set to FULL_TRANSITIVE, so that the server refuses what would break a replay.
    """

    def __init__(
        self,
        url: str,
        state: Path,
        messages: Sequence[type[Message]] = MESSAGES,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        if httpx.URL(url).scheme not in {"http", "https"}:
            raise Fatal(f"the address of a schema registry starts with http:// or https://, not {url!r}")
        self._url = url.rstrip("/")
        self._cache = _Cache(state / "registry" / sha256(self._url.encode()).hexdigest()[:16])
        self._messages = messages
        self._client = httpx.AsyncClient(headers={"content-type": _MEDIA_TYPE}, timeout=_TIMEOUT, transport=transport)
        self._ids: dict[str, int] = {}
        self._schemas: dict[int, Any] = {}
        self._absent: set[int] = set()

    def id_of(self, record: str) -> int:
        if record not in self._ids:
            raise Transient(f"{record} is not registered yet at {self._url}")
        return self._ids[record]

    def known(self, schema_id: int) -> Any | None:
        if schema_id not in self._schemas and (cached := self._cache.schema(schema_id)) is not None:
            self._schemas[schema_id] = cached
        return self._schemas.get(schema_id)

    def absent(self, schema_id: int) -> bool:
        return schema_id in self._absent

    async def prepare(self) -> None:
        """Register what is not yet; with everything known from before, a server that is down does not matter.

        Fatal when the server refuses a schema, or gives one an id other than before (it was emptied: records already
        published would be read with the wrong schema).
        """
        for message in self._messages:
            schema = loader.whole(message.SCHEMA)
            subject = f"{message.TOPIC}-{message.SCHEMA}"
            before = self._cache.id_of(subject, schema)
            try:
                schema_id = await self._register(subject, schema)
            except Transient:
                if before is None:
                    raise
                schema_id = before
            if before not in {None, schema_id}:
                raise Fatal(f"{self._url} gives {subject} the id {schema_id}, before it was {before}: it was emptied")
            self._cache.keep(schema_id, schema, subject)
            self._schemas[schema_id] = schema
            self._ids[message.SCHEMA] = schema_id

    async def fetch(self, schema_id: int) -> None:
        if self.known(schema_id) is not None:
            return
        response = await self._call("GET", f"/schemas/ids/{schema_id}")
        if response.status_code == 404 and _error_code(response) == _NO_SUCH_SCHEMA:
            self._absent.add(schema_id)
            return
        if response.status_code != 200:
            raise Transient(f"{self._url} answers {response.status_code} for schema {schema_id}")
        try:
            schema = json.loads(response.json()["schema"])
        except (ValueError, KeyError, TypeError) as error:
            raise Transient(f"{self._url} does not answer as a schema registry: {error}") from error
        self._cache.keep(schema_id, schema)
        self._schemas[schema_id] = schema
        self._absent.discard(schema_id)

    async def close(self) -> None:
        await self._client.aclose()

    async def _register(self, subject: str, schema: Any) -> int:
        await self._accepted("PUT", f"/config/{subject}", {"compatibility": "FULL_TRANSITIVE"})
        response = await self._accepted("POST", f"/subjects/{subject}/versions", {"schema": json.dumps(schema)})
        try:
            return int(response.json()["id"])
        except (ValueError, KeyError, TypeError) as error:
            raise Fatal(f"{self._url} does not answer as a schema registry: {response.text[:100]}") from error

    async def _accepted(self, method: str, path: str, body: Any) -> httpx.Response:
        response = await self._call(method, path, body)
        if response.status_code >= 300:
            raise Fatal(f"{self._url} refuses {method} {path}: {response.status_code} {response.text[:300]}")
        return response

    async def _call(self, method: str, path: str, body: Any = None) -> httpx.Response:
        try:
            response = await self._client.request(method, self._url + path, json=body)
        except httpx.TransportError as error:
            raise Transient(f"the schema registry at {self._url} does not answer: {error or error!r}") from error
        if response.status_code >= 500 or response.status_code in {408, 429}:
            raise Transient(f"the schema registry at {self._url} answers {response.status_code} to {method} {path}")
        return response


def _error_code(response: httpx.Response) -> int | None:
    """The registry's own error code: a 404 without it comes from something else (a proxy, a wrong path)."""
    with contextlib.suppress(ValueError, AttributeError):
        code = response.json().get("error_code")
        return code if isinstance(code, int) else None
    return None


class _Cache:
    """What a server has said: `<id>.avsc`, and `<subject>/<hash of the schema>` with the id. Written atomically."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def schema(self, schema_id: int) -> Any | None:
        try:
            return json.loads(self._folder.joinpath(f"{schema_id}.avsc").read_bytes())
        except (OSError, ValueError):
            return None

    def id_of(self, subject: str, schema: Any) -> int | None:
        try:
            return int(self._registration(subject, schema).read_text(encoding="ascii"))
        except (OSError, ValueError):
            return None

    def keep(self, schema_id: int, schema: Any, subject: str | None = None) -> None:
        _replace(self._folder / f"{schema_id}.avsc", json.dumps(schema))
        if subject is not None:
            _replace(self._registration(subject, schema), str(schema_id))

    def _registration(self, subject: str, schema: Any) -> Path:
        return self._folder / subject / sha256(json.dumps(schema, sort_keys=True).encode()).hexdigest()


def _replace(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)
