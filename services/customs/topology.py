"""Which record goes to which handler.

The dead letters of our own facts are read too: they hold the fact unchanged, and its senders ask what became of it.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from services.core.decision import Decision
from services.core.facts import FACTS
from services.core.message import Message
from services.core.messages import (
    CodeList,
    DeclarationAccepted,
    Verdict,
)
from services.customs import handlers
from services.customs.domain.answer import Answer

DEAD_FACTS = f"{DeclarationAccepted.TOPIC}.dlq"

TOPICS = (DeclarationAccepted.TOPIC, DEAD_FACTS, Verdict.TOPIC, CodeList.TOPIC)


def intake_topic(party: str) -> str:
    """Where the nodes of a party put their messages; who may write there is up to Kafka's access rules."""
    return f"intake.{party}.v1"


ANSWERS: Mapping[type[Message], Callable[[Answer, Any, datetime], Decision[Answer]]] = {
    Verdict: handlers.take_verdict,
    **dict.fromkeys(FACTS, handlers.take_dead_letter),
}
ANSWERS_INPUTS = (Verdict.TOPIC, DEAD_FACTS)
