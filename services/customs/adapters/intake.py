"""From a request's bytes and media type to a reading: the one place that knows which formats there are."""

import asyncio
import re
from codecs import BOM_UTF8
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import tzinfo
from hashlib import sha256

from services.core.errors import Fault, Refused
from services.customs.adapters.json import reader as json_reader
from services.customs.adapters.xml import document, eu, eu_message, wco
from services.customs.adapters.xml.reader import local
from services.customs.domain.reading import Reading, message_id

_XML = ("application/xml", "text/xml")
_JSON = ("application/json",)
_ORDINARY = 64 * 1024
_KEY = re.compile(r"[\x21-\x7e]{1,255}")


@dataclass(frozen=True, slots=True)
class Submission:
    """A message as received and read, before it is in the log."""

    id: str
    party: str
    identity: tuple[str, ...]
    media_type: str
    charset: str | None
    body: bytes
    sha256: str
    reading: Reading
    refusal: Refused | None = None
    """Why it is not taken, unless it was taken before: lists of codes change, an answer that was given does not."""


def read(body: bytes, media_type: str, charset: str | None, zone: tzinfo) -> Reading:
    """What a message says. Refused with 400, 413, 415 or 422 and the place of each fault."""
    if _is(media_type, _JSON, "+json"):
        if charset is not None and charset.lower() not in {"utf-8", "utf8", "us-ascii"}:
            raise Refused(415, f"JSON is UTF-8 (RFC 8259), not {charset}")
        return json_reader.read(body)
    if not _is(media_type, _XML, "+xml"):
        raise Refused(415, f"{media_type or 'A body without media type'} is not read here: send XML or JSON")
    root = document.parse(body, charset)
    if (message := eu_message.find(root)) is not None:
        return eu.read(message, zone)
    if wco.is_wco(root):
        return wco.read(root, zone)
    taken = ", ".join((*eu.KINDS, "WCO-DMS MetaData"))
    raise Refused(415, f"{local(root)} is not a message this door takes; it takes {taken}")


def sniffed(body: bytes) -> str:
    """The media type of a message that comes without: JSON when it begins like it, else XML."""
    return _JSON[0] if body.removeprefix(BOM_UTF8).lstrip(b" \t\r\n").startswith((b"{", b"[")) else _XML[0]


def check_key(idempotency_key: str) -> None:
    """Refused when it is not usable."""
    if not _KEY.fullmatch(idempotency_key):
        fault = Fault("Idempotency-Key", "key.invalid", "1 to 255 visible ASCII characters are expected")
        raise Refused(400, "The Idempotency-Key is not usable", (fault,))


class Intake:
    """Reads messages.

    An ordinary message takes half a millisecond and is read where it arrives; a large one takes up to a second or two
    and is read by a thread beside the event loop, one at a time, so that leases and other senders do not wait for it.
    """

    def __init__(self, zone: tzinfo, judge: Callable[[Reading], Reading] = lambda reading: reading) -> None:
        """`judge` looks at what is read now and not before: it adds warnings, or raises Refused."""
        self._zone = zone
        self._judge = judge
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="customs-intake")

    async def read(self, body: bytes, media_type: str, charset: str | None) -> Reading:
        """See `read`; the same bytes always give the same reading."""
        if len(body) <= _ORDINARY:
            return read(body, media_type, charset, self._zone)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, read, body, media_type, charset, self._zone)

    async def _judged(self, reading: Reading, size: int) -> tuple[Reading, Refused | None]:
        try:
            if size <= _ORDINARY:
                return self._judge(reading), None
            return await asyncio.get_running_loop().run_in_executor(self._thread, self._judge, reading), None
        except Refused as refusal:
            return reading, refusal

    async def submission(
        self, party: str, body: bytes, media_type: str, charset: str | None, idempotency_key: str | None = None
    ) -> Submission:
        """A message of a party with its identity: the sender's key, else what the format gives, else its own digest."""
        reading, refusal = await self._judged(await self.read(body, media_type, charset), len(body))
        digest = sha256(body).hexdigest()
        identity = ("idempotency-key", idempotency_key) if idempotency_key else reading.identity or ("sha256", digest)
        return Submission(
            id=message_id(party, identity),
            party=party,
            identity=identity,
            media_type=media_type,
            charset=charset,
            body=body,
            sha256=digest,
            reading=reading,
            refusal=refusal,
        )


def _is(media_type: str, names: tuple[str, ...], suffix: str) -> bool:
    return media_type in names or media_type.endswith(suffix)
