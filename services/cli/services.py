"""Every service, by name: how to build it, and the topics it reads or writes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from services.alerting.topology import TOPICS as ALERTING_TOPICS
from services.alerting.wiring import build as build_alerting
from services.customs.wiring import build as build_customs
from services.customs.wiring import topics as customs_topics
from services.licensing.topology import TOPICS as LICENSING_TOPICS
from services.licensing.wiring import build as build_licensing
from services.reconciliation.topology import TOPICS as RECONCILIATION_TOPICS
from services.reconciliation.wiring import build as build_reconciliation
from services.runtime.service import Build


@dataclass(frozen=True, slots=True)
class Entry:
    build: Build
    topics: Callable[[], tuple[str, ...]]
    """Those of the customs door depend on its settings."""


SERVICES: Final[Mapping[str, Entry]] = MappingProxyType(
    {
        "customs": Entry(build_customs, customs_topics),
        "licensing": Entry(build_licensing, lambda: LICENSING_TOPICS),
        "reconciliation": Entry(build_reconciliation, lambda: RECONCILIATION_TOPICS),
        "alerting": Entry(build_alerting, lambda: ALERTING_TOPICS),
    }
)


def all_topics() -> tuple[str, ...]:
    """Sorted, each once, without dead-letter topics."""
    return tuple(sorted({topic for entry in SERVICES.values() for topic in entry.topics()}))
