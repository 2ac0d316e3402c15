"""What the routes on licences need."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from services.licensing.adapters.answers import Submit
from services.licensing.adapters.draft_register import Command as DraftCommand
from services.licensing.adapters.draft_register import Drafted, DraftSearch
from services.licensing.adapters.faults import Authorities
from services.licensing.adapters.licence_import import Import
from services.licensing.adapters.pending_register import Command, PendingSearch, Settled
from services.licensing.adapters.search import Search

SaveDrafts = Callable[[DraftCommand], Awaitable[Drafted]]
SubmitPending = Callable[[Command], Awaitable[Settled]]


@dataclass(frozen=True)
class Desk:
    """The register, what waits and drafts, to read and to write, and what each authority has set."""

    submit: Submit
    search: Search
    schedule: SubmitPending
    pending: PendingSearch
    authorities: Authorities
    many: Import
    save: SaveDrafts
    drafts: DraftSearch
