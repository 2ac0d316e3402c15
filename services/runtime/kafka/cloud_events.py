"""The headers of every record we publish: CloudEvents 1.0.2, Kafka binding, binary mode; `traceparent` as W3C says."""

from datetime import UTC, datetime

from services.runtime.kafka.batches import Headers

Header = tuple[str, bytes]

_VERSION: Header = ("ce_specversion", b"1.0")
_CONTENT: Header = ("content-type", b"application/avro")


class CloudEvents:
    """Headers for the records of one source, a service. What many records share is made once."""

    def __init__(self, source: str) -> None:
        self._source: Header = ("ce_source", f"/tolbrug/{source}".encode())
        self._types: dict[str, Header] = {}
        self._at: datetime | None = None
        self._time: Header = ("ce_time", b"")

    def headers(self, kind: str, identity: str, key: bytes | None, at: datetime, trace: str | None) -> Headers:
        """`kind` is the message's schema. Records of one cause follow one another and share their `at`."""
        if at != self._at:
            self._at, self._time = at, ("ce_time", at.astimezone(UTC).isoformat().encode())
        of_type = self._types.get(kind)
        if of_type is None:
            of_type = self._types[kind] = ("ce_type", kind.encode())
        headers = (
            _VERSION,
            ("ce_id", identity.encode()),
            self._source,
            of_type,
            ("ce_subject", key or b""),
            self._time,
            _CONTENT,
        )
        return (*headers, ("traceparent", trace.encode())) if trace else headers
