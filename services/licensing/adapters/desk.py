"""What the routes on licences need."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from services.licensing.adapters.answers import Submit
from services.licensing.adapters.faults import Authorities
from services.licensing.adapters.licence_import import Import
from services.licensing.adapters.pending_register import Command, PendingSearch, Settled
from services.licensing.adapters.search import Search

SubmitPending = Callable[[Command], Awaitable[Settled]]


@dataclass(frozen=True)
class Desk:
    """The register and what waits, to read and to write (`submit`, `schedule`, `many`); what each authority has set."""

    submit: Submit
    search: Search
    schedule: SubmitPending
    pending: PendingSearch
    authorities: Authorities
    many: Import
