"""What this service writes. It reads no topic: requests come over HTTP and each has its use case in `handlers`."""

from typing import Final

from services.core.messages import Authorisation, Denial, Dossier, Licence, Refusal, UsageReport

TOPICS: Final = (
    Licence.TOPIC,
    Authorisation.TOPIC,
    Refusal.TOPIC,
    Denial.TOPIC,
    UsageReport.TOPIC,
    Dossier.TOPIC,
)
