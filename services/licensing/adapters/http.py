"""The licensing door over HTTP (API.md). A 2xx to a POST means: durable, and published sooner or later.

References hold slashes. `{ref:path}` takes them plain and percent-encoded; a reference that itself ends like a reserved
suffix is reached with `?ref=`. Each subject has a router of its own; their order here is that in which paths are tried.
"""

from fastapi import APIRouter

from services.licensing.adapters.amendment_http import amendment_router
from services.licensing.adapters.console.http import console_router
from services.licensing.adapters.control_list_http import control_list_router
from services.licensing.adapters.desk import Desk
from services.licensing.adapters.draft_http import draft_router, issue_router
from services.licensing.adapters.history_http import history_router
from services.licensing.adapters.import_http import import_router
from services.licensing.adapters.licence_http import reading_router, writing_router
from services.licensing.adapters.pending_http import pending_router
from services.licensing.adapters.refusal_http import refusal_router


def licensing_routers(desk: Desk) -> tuple[APIRouter, ...]:
    """All routes of the door on licences, refusals and the control list."""
    return (
        writing_router(desk),
        draft_router(desk),
        issue_router(desk),
        import_router(desk.many),
        amendment_router(desk),
        pending_router(desk.schedule, desk.pending),
        refusal_router(desk.submit, desk.search),
        control_list_router(),
        console_router(desk.search),
        history_router(desk.search, desk.drafts),
        reading_router(desk),
    )
