"""By when customs needs the answer: it has as long as the declaration was to be lodged before the goods leave.

Del. Reg. (EU) 2015/2446 art. 244(1) gives the time limits, by the active means of transport that leaves the Union
(art. 244(3)). They count back from a departure that no message states; a declaration lodged at the last moment leaves
customs just so long. Here it counts from when the declaration, its latest amendment, or the presentation of its goods
was received: before that the question could not be answered, and what was delayed on its way must be answered no less.
"""

from datetime import datetime, timedelta
from typing import Final

from services.core.facts import Fact
from services.core.messages import DeclarationAccepted, Shipment
from services.reconciliation.domain.declaration import Declaration

SEA: Final = "1"
BY_SEA_IN_CONTAINERS: Final = timedelta(hours=24)
"""Art. 244(1)(a)(i): before they are loaded."""
OTHERWISE: Final = timedelta(hours=2)
"""Art. 244(1)(a)(ii)-(iv), (d)(ii); also for what is not stated, or has no limit: post and pipelines (art. 245)."""
BY_BORDER_MODE: Final = {
    "3": timedelta(hours=1),  # road, art. 244(1)(c)
    "4": timedelta(minutes=30),  # air, art. 244(1)(b)
    "8": timedelta(hours=1),  # inland waterway, art. 244(1)(c)
}
"""EUCDM 19 03. Rail (2) has two hours, and one where the train needs less to the border, which no message states."""

_NEAR = "GL FO IS NO GB GG JE IM RU UA GE TR AL ME BA MC GI EG IL PS LB SY LY TN DZ MA"
NEAR: Final = frozenset(_NEAR.split())
"""Countries with a port that art. 244(1)(a)(ii) names: Greenland, the Faroes, Iceland, Morocco, the United Kingdom, and
those on the Baltic, North, Black and Mediterranean seas. The port is not stated: in doubt the shorter time."""


def time_to_answer(stated: DeclarationAccepted) -> timedelta:
    """The time limit of art. 244(1) for the means of transport that is declared."""
    if stated.border_mode != SEA:
        return BY_BORDER_MODE.get(stated.border_mode or "", OTHERWISE)
    far = stated.containerised and stated.country_of_destination not in NEAR
    return BY_SEA_IN_CONTAINERS if far else OTHERWISE


def respond_by(shipment: Shipment, declaration: Declaration) -> datetime | None:
    """When the answer to the declaration as it stands is due; None when nothing says how it was received."""
    asked = asked_at(shipment, declaration)
    return None if asked is None else asked + time_to_answer(declaration.stated)


def asked_at(shipment: Shipment, declaration: Declaration) -> datetime | None:
    """When the last of what makes the question was received."""
    presented = [source for fact in shipment.presentations for source in fact.sources]
    return max((source.received_at for source in (*declaration.sources, *presented)), default=None)


def received(*facts: Fact) -> datetime | None:
    """When the last message behind these facts was made durable; None when none is named."""
    return max((source.received_at for fact in facts for source in fact.sources), default=None)
