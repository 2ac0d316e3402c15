"""What Prometheus sees of webhooks, by the name of the destination."""

from prometheus_client import Counter, Gauge

_WHERE = ["service", "destination"]

DELIVERIES = Counter(
    "tolbrug_webhook_deliveries_total", "Attempts to deliver a webhook, by outcome.", [*_WHERE, "outcome"]
)
UNDELIVERED = Gauge(
    "tolbrug_webhook_undelivered",
    "Webhooks that wait (`pending`), were given up after days (`failed`), or are not wanted (`gone`).",
    [*_WHERE, "state"],
)
OLDEST = Gauge("tolbrug_webhook_oldest_seconds", "How long the oldest webhook has waited.", _WHERE)
PAUSED = Gauge("tolbrug_webhook_paused", "1 while a destination that answered 410 gets nothing.", _WHERE)
