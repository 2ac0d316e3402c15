"""What Prometheus counts of alerts. Labels never carry an MRN, EORI or licence."""

from prometheus_client import Counter, Histogram

_KIND = ["code", "severity", "track"]

ALERTS = Counter("tolbrug_alerts_total", "Alerts opened.", _KIND)
FINDINGS = Counter("tolbrug_findings_total", "Findings that opened or joined an alert.", _KIND)
MESSAGE_TO_ALERT = Histogram(
    "tolbrug_message_to_alert_seconds",
    "From the message that caused the first finding of an alert to the alert in the database.",
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300),
)
