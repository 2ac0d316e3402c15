"""Logs, metrics and trace context. Logs carry ids and hashes, never payloads; labels no MRN, EORI or licence."""

import logging
import re
import secrets
import sys
from contextvars import ContextVar

import structlog
from prometheus_client import Counter, Gauge, Histogram
from structlog.tracebacks import ExceptionDictTransformer

log: structlog.stdlib.BoundLogger = structlog.get_logger("tolbrug")

RECORDS_IN = Counter("tolbrug_records_in_total", "Records folded.", ["fold"])
RECORDS_OUT = Counter("tolbrug_records_out_total", "Records published and acknowledged.", ["topic"])
DEAD_LETTERS = Counter("tolbrug_dead_letters_total", "Records that could not be decoded or handled.", ["fold", "topic"])
COMMITS = Counter("tolbrug_commits_total", "Fold transactions by outcome.", ["fold", "outcome"])
BATCH_SECONDS = Histogram("tolbrug_batch_seconds", "Reading to commit of one fold transaction.", ["fold"])
LAG = Gauge("tolbrug_consumer_lag_records", "Records behind the end of an input.", ["fold", "topic", "partition"])
OWNED = Gauge("tolbrug_partitions_owned", "Partitions this process works on.", ["fold"])
HALTED = Gauge("tolbrug_partitions_halted", "Partitions halted by a broken invariant; must be 0.", ["fold"])
OUTBOX = Gauge("tolbrug_outbox_depth", "Messages committed and not yet published.", ["service"])
REMINDERS = Counter("tolbrug_reminders_total", "Reminders that were due and were put out.", ["fold"])
REMINDERS_LATE = Gauge(
    "tolbrug_reminders_late_seconds",
    "Since the oldest one not put out was due; 0: none is.",
    ["fold", "partition"],
)
REQUEST_SECONDS = Histogram("tolbrug_http_request_seconds", "Duration of HTTP requests.", ["method", "route", "status"])

_TRACE_PARENT = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_trace: ContextVar[str | None] = ContextVar("traceparent", default=None)


def trace_parent() -> str | None:
    """W3C trace context of the request or record under way."""
    return _trace.get()


def well_formed(header: str | None) -> str | None:
    """A `traceparent` as W3C writes it, else None."""
    return header if header is not None and _TRACE_PARENT.fullmatch(header) else None


def follow_trace(header: str | None) -> str:
    """Take over a caller's `traceparent`, or begin a trace when there is none or it is malformed."""
    header = well_formed(header) or _begun()
    _trace.set(header)
    return header


def _begun() -> str:
    random = secrets.token_hex(24)
    return f"00-{random[:32]}-{random[32:]}-01"


def configure_logging(level: str) -> None:
    """One JSON object per line on standard error."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(message)s")
    # Both report each retry as an error; what matters arrives as an exception and is logged by us.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    logging.getLogger("psycopg.pool").setLevel(logging.CRITICAL)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False)),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
