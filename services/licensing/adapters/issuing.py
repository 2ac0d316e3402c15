"""From a licence as an authority states it to what is asked of the register: one judgement for every way in."""

from datetime import datetime
from typing import Any

from pydantic import ValidationError

from services.core.errors import Refused
from services.licensing.adapters.bodies import LicenceBody
from services.licensing.adapters.faults import NOT_ACCEPTABLE, Authorities, document_faults, stated_faults
from services.licensing.domain.kinds import as_authorised
from services.licensing.handlers import IssueLicence


def issuing(body: LicenceBody, authorities: Authorities, at: datetime) -> IssueLicence:
    """Refused 422 with every fault when the rules do not allow it."""
    stated = body.stated(authorities.zone_of(body.authority) or "UTC", at)
    faults = stated_faults(body, stated, authorities)
    if faults:
        raise Refused(422, NOT_ACCEPTABLE, faults)
    return IssueLicence(as_authorised(stated))


def issuing_document(document: Any, authorities: Authorities, at: datetime) -> IssueLicence:
    """The same of a document that was parsed and not looked at yet."""
    try:
        body = LicenceBody.model_validate(document)
    except ValidationError as error:
        raise Refused(422, NOT_ACCEPTABLE, document_faults(error, document)) from None
    return issuing(body, authorities, at)
