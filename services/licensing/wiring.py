"""The composition root: settings and runtime in, a service out."""

from pydantic import ValidationError

from services.core.errors import Fatal
from services.licensing.adapters.grounds_http import grounds_router
from services.licensing.adapters.http import licensing_router
from services.licensing.adapters.register import Command, Outcome, Register
from services.licensing.adapters.search import Search
from services.licensing.settings import LicensingSettings
from services.licensing.topology import TOPICS
from services.runtime.group_commit import GroupCommit
from services.runtime.outbox import Outbox
from services.runtime.service import Runtime, Service


def build(runtime: Runtime) -> Service:
    """The licensing door: one group commit serves all requests of the process."""
    settings = _settings()
    outbox = Outbox(runtime.database, "licensing", runtime.codec)
    commits = GroupCommit[Command, Outcome](runtime.door, Register(outbox.append).apply, outbox.wake)
    return Service(
        name="licensing",
        migrations="services.licensing.adapters.migrations",
        topics=TOPICS,
        routers=(licensing_router(commits.submit, Search(runtime.door), settings.zone_of), grounds_router()),
        outboxes=(outbox,),
        loops={"group-commit": commits.run},
    )


def _settings() -> LicensingSettings:
    try:
        return LicensingSettings()
    except ValidationError as error:
        raise Fatal(f"TOLBRUG_LICENSING__* cannot be used: {error}") from error
