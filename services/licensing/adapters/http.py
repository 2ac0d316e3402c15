"""The licensing door over HTTP (API.md). A 2xx to a POST means: durable, and published sooner or later.

References hold slashes. `{ref:path}` takes them plain and percent-encoded; a reference that itself ends like a reserved
suffix is reached with `?ref=`. Each subject has a router of its own; their order here is that in which paths are tried.
"""

from fastapi import APIRouter

from services.licensing.adapters.amendment_http import amendment_router
from services.licensing.adapters.answers import Submit
from services.licensing.adapters.console.http import console_router
from services.licensing.adapters.control_list_http import control_list_router
from services.licensing.adapters.faults import Authorities
from services.licensing.adapters.history_http import history_router
from services.licensing.adapters.licence_http import reading_router, writing_router
from services.licensing.adapters.refusal_http import refusal_router
from services.licensing.adapters.search import Search


def licensing_routers(submit: Submit, search: Search, authorities: Authorities) -> tuple[APIRouter, ...]:
    """All routes of the door; `submit` is the group commit, `authorities` what is set for each."""
    return (
        writing_router(submit, authorities),
        amendment_router(submit, search, authorities),
        refusal_router(submit, search),
        history_router(search),
        control_list_router(),
        console_router(search),
        reading_router(search),
    )
