"""The right that each route of the door needs, and whose the thing must be that it changes.

With a route that is not here the door does not start (`guard`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from services.licensing.domain.rights import Right


class Owner(Enum):
    """Where the authority is found whose thing a request changes."""

    STATED = auto()
    """In the body: `authority`."""
    LICENCE = auto()
    """The licence whose reference is in the path or the query."""
    DRAFT = auto()
    """The draft whose reference is there."""
    AMENDMENT = auto()
    """The licence of the amendment whose id is in the path."""
    EXCHANGE = auto()
    """That of the exchange of files, as the settings say."""


@dataclass(frozen=True, slots=True)
class Rule:
    """`owners`: all of them must be the party's own authority. `browser`: it answers with a page."""

    right: Right
    owners: tuple[Owner, ...] = ()
    browser: bool = False


_LOOK_UP: Final = Rule(Right.LOOK_UP)
_READ: Final = Rule(Right.READ)
_STATED: Final = Rule(Right.LICENSE, (Owner.STATED,))
_LICENCE: Final = Rule(Right.LICENSE, (Owner.LICENCE,))
_DRAFT: Final = Rule(Right.LICENSE, (Owner.DRAFT,))
_REDRAFT: Final = Rule(Right.LICENSE, (Owner.STATED, Owner.DRAFT))
_EACH: Final = Rule(Right.LICENSE)
"""Many in one body: each is judged in its line."""
_USE: Final = Rule(Right.FOLLOW_USE)
_REPORT: Final = Rule(Right.FOLLOW_USE, (Owner.LICENCE,))
_DENY: Final = Rule(Right.DENY)
_AUTHORISE: Final = Rule(Right.AUTHORISE)
_WORK: Final = Rule(Right.WORK_DOSSIER)

RULES: Final[Mapping[str, Rule]] = {
    "GET /v1/control-list": _LOOK_UP,
    "GET /v1/refusal-grounds": _LOOK_UP,
    "GET /console/control-list": _LOOK_UP,
    "GET /console/licences": Rule(Right.READ, browser=True),
    "GET /v1/licences": _READ,
    "GET /v1/licences/{ref:path}": _READ,
    "GET /v1/licences/{ref:path}/{part}": _READ,
    "GET /v1/licences/history": _READ,
    "GET /v1/licences/{ref:path}/history": _READ,
    "GET /v1/licences/documents": _READ,
    "GET /v1/licences/{ref:path}/documents": _READ,
    "GET /v1/amendments": _READ,
    "GET /v1/amendments/{id_}": _READ,
    "POST /v1/licences": _STATED,
    "POST /v1/licences/import": _EACH,
    "POST /v1/lite/licence-data": Rule(Right.LICENSE, (Owner.EXCHANGE,)),
    "PUT /v1/licences": _REDRAFT,
    "PUT /v1/licences/{ref:path}": _REDRAFT,
    "POST /v1/licences/issue": _DRAFT,
    "POST /v1/licences/{ref:path}/issue": _DRAFT,
    "POST /v1/licences/discard": _DRAFT,
    "POST /v1/licences/{ref:path}/discard": _DRAFT,
    "POST /v1/licences/status": _LICENCE,
    "POST /v1/licences/{ref:path}/status": _LICENCE,
    "POST /v1/licences/amendments": _LICENCE,
    "POST /v1/licences/{ref:path}/amendments": _LICENCE,
    "POST /v1/amendments/{id_}/withdrawal": Rule(Right.LICENSE, (Owner.AMENDMENT,)),
    "POST /v1/licences/documents": _LICENCE,
    "POST /v1/licences/{ref:path}/documents": _LICENCE,
    "POST /v1/licences/documents/status": _LICENCE,
    "POST /v1/licences/{ref:path}/documents/status": _LICENCE,
    "GET /v1/licences/usage-reports": _USE,
    "GET /v1/licences/{ref:path}/usage-reports": _USE,
    "POST /v1/licences/usage-reports": _REPORT,
    "POST /v1/licences/{ref:path}/usage-reports": _REPORT,
    "POST /v1/refusals": Rule(Right.REFUSE, (Owner.STATED,)),
    "GET /v1/refusals": Rule(Right.REFUSE),
    "GET /v1/refusals/{ref:path}": Rule(Right.REFUSE),
    "POST /v1/denials": _DENY,
    "POST /v1/denials/import": _DENY,
    "POST /v1/denials/reviews": _DENY,
    "POST /v1/denials/{ref:path}/reviews": _DENY,
    "GET /v1/denials": _DENY,
    "GET /v1/denials/{ref:path}": _DENY,
    "POST /v1/denials/check": _DENY,
    "GET /v1/denial-checks/{check_id}": _DENY,
    "GET /v1/denial-checks/{check_id}/course": _DENY,
    "POST /v1/denial-checks/{check_id}/consultations": _DENY,
    "POST /v1/denial-checks/{check_id}/answers": _DENY,
    "POST /v1/denial-checks/{check_id}/decision": _DENY,
    "POST /v1/federal-authorisations": _AUTHORISE,
    "POST /v1/federal-authorisations/status": _AUTHORISE,
    "POST /v1/federal-authorisations/{ref:path}/status": _AUTHORISE,
    "GET /v1/federal-authorisations": _READ,
    "GET /v1/federal-authorisations/{ref:path}": _READ,
    "POST /v1/dossiers": Rule(Right.OPEN_DOSSIER, (Owner.STATED,)),
    "POST /v1/dossiers/steps": _WORK,
    "POST /v1/dossiers/{ref:path}/steps": _WORK,
    "POST /v1/dossiers/notes": _WORK,
    "POST /v1/dossiers/{ref:path}/notes": _WORK,
    "GET /v1/dossiers/notes": _WORK,
    "GET /v1/dossiers/{ref:path}/notes": _WORK,
    "GET /v1/dossiers": _READ,
    "GET /v1/dossiers/{ref:path}": _READ,
}
