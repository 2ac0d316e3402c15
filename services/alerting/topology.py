"""The table of this service: what it reads, who handles it, what it writes."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from services.alerting.domain.alert import Case
from services.alerting.handlers import raise_alert
from services.core.decision import Decision
from services.core.message import Message
from services.core.messages import Alert, Finding

FOLD: Final = "alerts"
INPUTS: Final = (Finding.TOPIC,)
HANDLERS: Final[Mapping[type[Message], Callable[[Case, Any, datetime], Decision[Case]]]] = {Finding: raise_alert}
TOPICS: Final = (Finding.TOPIC, Alert.TOPIC)
