"""From a file to what is asked of the register. An update is a cancel with the insert of the next reference below."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from services.core.errors import Refused
from services.core.messages import Change, Licence, LicenceStatus
from services.core.values import parse_licence_ref
from services.licensing.adapters.asked_by import asking_party
from services.licensing.adapters.bodies import LicenceBody, LicenceTerms
from services.licensing.adapters.faults import NOT_ACCEPTABLE, Authorities, licence_faults
from services.licensing.adapters.issuing import issuing_document
from services.licensing.adapters.lite.mapping import Mapped
from services.licensing.adapters.lite.records import LicenceData, Transaction
from services.licensing.adapters.pending_views import overlaid
from services.licensing.adapters.words import named
from services.licensing.domain.amending import AmendLicence
from services.licensing.domain.kinds import as_authorised
from services.licensing.domain.lite import LiteExchange, follows
from services.licensing.handlers import ChangeStatus, IssueLicence

_TERMS = frozenset(LicenceTerms.model_fields)
_SAYABLE = frozenset(
    {"valid_to", "end_users", "destinations", "excluded_destinations", "additional_information", "lines"}
)
"""What a file says by a record or a field that it may leave out: one that is not there is no term any more."""


@dataclass(frozen=True, slots=True)
class ReplaceTerms:
    """The terms of a licence that is there, as the file has them; only what a file cannot say stays."""

    body: LicenceBody
    change: Change
    authorities: Authorities
    at: datetime

    def amending(self, current: Licence) -> AmendLicence:
        """Of the licence as it stands now. Refused 422 when that gives no licence of its kind."""
        sent = {name: getattr(self.body, name) for name in (self.body.model_fields_set | _SAYABLE) & _TERMS}
        terms = overlaid(current, ()).model_copy(update=sent)
        if faults := licence_faults(terms, self.authorities, issued=True):
            raise Refused(422, NOT_ACCEPTABLE, faults)
        made = as_authorised(terms.stored())
        return AmendLicence(made, self.change, frozenset({current.revision}), self.at)


Command = IssueLicence | ChangeStatus | ReplaceTerms


@dataclass(frozen=True, slots=True)
class Asked:
    """One thing that is asked by one or two licences of a file, or why it cannot be."""

    transactions: tuple[Transaction, ...]
    command: Command | Refused
    mapped: Mapped | None = None

    def placed(self, refused: Refused) -> Refused:
        """The same with places in the file."""
        if self.mapped is None:
            where = f"line {self.transactions[-1].head.line}"
            faults = tuple(replace(one, path=f"{where} {one.path.strip('/')}".rstrip()) for one in refused.faults)
        else:
            faults = tuple(replace(one, path=self.mapped.place(one.path)) for one in refused.faults)
        return Refused(refused.status, refused.title, faults)

    def refs(self) -> tuple[str, ...]:
        """The licences that are read or written."""
        return tuple(one.head["reference"] for one in self.transactions)


class Asking:
    """Judges the licences of one file, by the rules of the door, as of one time."""

    def __init__(self, file: LicenceData, exchange: LiteExchange, authorities: Authorities, at: datetime) -> None:
        self._file = file
        self._exchange = exchange
        self._authorities = authorities
        self._at = at

    def all(self) -> list[Asked]:
        rest = list(self._file.transactions)
        found: list[Asked] = []
        while rest:
            one = rest.pop(0)
            if rest and _is_update(one, rest[0]):
                found.append(self._with_terms((one, rest.pop(0))))
            elif one.head["action"] == "cancel":
                found.append(Asked((one,), self._cancel(one)))
            else:
                found.append(self._with_terms((one,)))
        return found

    def _cancel(self, one: Transaction) -> ChangeStatus | Refused:
        if one.faults:
            return Refused(422, NOT_ACCEPTABLE, tuple(one.faults))
        try:
            ref = parse_licence_ref(one.head["reference"])
        except ValueError as error:
            fault = one.head.fault("reference", "reference", str(error))
            return Refused(422, NOT_ACCEPTABLE, (fault,))
        status = named(LicenceStatus, self._exchange.cancelled_as)
        return ChangeStatus(ref, status, self._reason(), None, None, self._at, party=asking_party())

    def _with_terms(self, transactions: tuple[Transaction, ...]) -> Asked:
        *before, one = transactions
        mapped = Mapped(one, self._exchange)
        faults = (*(fault for each in transactions for fault in each.faults), *mapped.faults)
        if before:
            mapped.document["replaces"] = before[0].head["reference"]
        mapped.document["reason"] = self._reason()
        asked = Asked(transactions, Refused(422, NOT_ACCEPTABLE, faults), mapped)
        try:
            command: Any = issuing_document(mapped.document, self._authorities, self._at)
        except Refused as refused:
            placed = asked.placed(refused)
            unsaid = [one for one in placed.faults if one.path not in {known.path for known in faults}]
            return replace(asked, command=Refused(refused.status, refused.title, (*faults, *unsaid)))
        if faults:
            return asked
        if one.head["action"] == "replace":
            command = self._replacing(mapped.document)
        return replace(asked, command=command)

    def _replacing(self, document: dict[str, Any]) -> ReplaceTerms:
        body = LicenceBody.model_validate(document)
        return ReplaceTerms(body, body.change(body.authority, self._at), self._authorities, self._at)

    def _reason(self) -> str:
        return f"licenceData of {self._file.source}, run {self._file.run}"


def _is_update(one: Transaction, following: Transaction) -> bool:
    if (one.head["action"], following.head["action"]) != ("cancel", "insert"):
        return False
    return follows(following.head["reference"], one.head["reference"])
