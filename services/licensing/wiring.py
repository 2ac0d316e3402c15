"""The composition root: settings and runtime in, a service out."""

from collections.abc import Awaitable, Callable
from functools import lru_cache, partial

from fastapi import APIRouter
from pydantic import ValidationError
from pydantic_settings import SettingsError

from services.core.errors import Fatal
from services.core.messages import DossierSide
from services.licensing.adapters.authorisation_http import authorisation_router
from services.licensing.adapters.authorisations import Asked, Authorisations, AuthorisationSearch, Given
from services.licensing.adapters.denial_checks import DenialChecks, check_router
from services.licensing.adapters.denial_courses import DenialCourses, course_router
from services.licensing.adapters.denial_http import denial_router
from services.licensing.adapters.denial_register import Command as DenialCommand
from services.licensing.adapters.denial_register import DenialRegister, DenialSearch, Done
from services.licensing.adapters.desk import Desk
from services.licensing.adapters.dossier_clock import Days, DossierClock
from services.licensing.adapters.dossier_http import Shown, dossier_router
from services.licensing.adapters.dossier_register import Command as DossierCommand
from services.licensing.adapters.dossier_register import DossierRegister, DossierSearch, Filed
from services.licensing.adapters.draft_register import Command as DraftCommand
from services.licensing.adapters.draft_register import Drafted, DraftRegister, DraftSearch
from services.licensing.adapters.faults import Authorities, licence_faults
from services.licensing.adapters.grounds_http import grounds_router
from services.licensing.adapters.guard import Guard, finding, guarded
from services.licensing.adapters.http import licensing_routers
from services.licensing.adapters.licence_import import Answers, Batch, Import, applying
from services.licensing.adapters.lite.http import lite_router
from services.licensing.adapters.lite.register import EnterFile, LiteRegister
from services.licensing.adapters.lite.reply import Answer
from services.licensing.adapters.live_denials import DenialIndex
from services.licensing.adapters.pending_loop import DueAmendments
from services.licensing.adapters.pending_register import Command as PendingCommand
from services.licensing.adapters.pending_register import PendingAmendments, PendingSearch, Settled
from services.licensing.adapters.register import Command, Outcome, Register
from services.licensing.adapters.search import Search
from services.licensing.adapters.usage_http import usage_router
from services.licensing.adapters.usage_register import UsageRegister, UsageSearch
from services.licensing.domain.rights import ActingParty
from services.licensing.domain.usage import Recorded, RecordUsage
from services.licensing.settings import LicensingSettings
from services.licensing.topology import TOPICS
from services.runtime.group_commit import GroupCommit
from services.runtime.outbox import Outbox
from services.runtime.parties import Doorkeeper
from services.runtime.service import Runtime, Service

Loop = Callable[[], Awaitable[None]]


def build(runtime: Runtime) -> Service:
    """The licensing door: group commits serve all requests of the process."""
    settings = _settings()
    outbox = Outbox(runtime.database, "licensing", runtime.codec)
    index = DenialIndex()
    desk, desk_loops = _desk(runtime, outbox, settings, index)
    keys = GroupCommit[Asked, Given](runtime.door, Authorisations(outbox.append).apply, outbox.wake)
    second_keys = authorisation_router(keys.submit, AuthorisationSearch(runtime.door), desk.search, settings.zone_of)
    denials = GroupCommit[DenialCommand, Done](runtime.door, DenialRegister(outbox.append).apply, outbox.wake)
    denied = denial_router(denials.submit, DenialSearch(runtime.door))
    usage = GroupCommit[RecordUsage, Recorded](runtime.door, UsageRegister(outbox.append).apply, outbox.wake)
    dossiers, dossier_loops = _dossiers(runtime, outbox, settings)
    lite = LiteRegister(Register(outbox.append, index), settings.lite)
    files = GroupCommit[EnterFile, Answer](runtime.door, lite.apply, outbox.wake)
    routers = (
        second_keys,
        dossiers,
        grounds_router(),
        check_router(DenialChecks(runtime.door, index)),
        course_router(DenialCourses(runtime.door)),
        denied,
        lite_router(files.submit, settings.lite, desk.authorities),
        usage_router(usage.submit, desk.search, UsageSearch(runtime.door)),
        *licensing_routers(desk),
    )
    return Service(
        name="licensing",
        migrations="services.licensing.adapters.migrations",
        topics=TOPICS,
        routers=guarded(routers, _guard(settings, desk)),
        outboxes=(outbox,),
        loops={
            **desk_loops,
            **dossier_loops,
            "authorisation-commit": keys.run,
            "denial-commit": denials.run,
            "usage-commit": usage.run,
            "lite-commit": files.run,
        },
    )


def _guard(settings: LicensingSettings, desk: Desk) -> Guard:
    """Who comes to the door, by the settings."""
    tokens = {party.name: party.token_sha256 for party in settings.parties if party.token_sha256}
    known = (ActingParty(one.name, one.authority, DossierSide(one.side.upper())) for one in settings.parties)
    finds = finding(desk.search, desk.drafts, desk.pending, settings.lite.authority)
    return Guard(Doorkeeper(tokens, ""), {party.name: party for party in known}, finds)


def _desk(
    runtime: Runtime, outbox: Outbox, settings: LicensingSettings, denials: DenialIndex
) -> tuple[Desk, dict[str, Loop]]:
    """Licences: what their routes need, and the loops that serve them."""
    authorities = Authorities(lru_cache(1024)(settings.zone_of), lru_cache(1024)(settings.years_of))
    judge = partial(licence_faults, authorities=authorities, issued=True)
    later = PendingAmendments(outbox.append, judge, denials)
    register = Register(outbox.append, denials)
    commits = GroupCommit[Command, Outcome](runtime.door, register.apply, outbox.wake)
    batches = GroupCommit[Batch, Answers](runtime.door, applying(register), outbox.wake)
    drafts = GroupCommit[DraftCommand, Drafted](runtime.door, DraftRegister().apply, _nothing_to_publish)
    amendments = GroupCommit[PendingCommand, Settled](runtime.door, later.apply, outbox.wake)
    desk = Desk(
        submit=commits.submit,
        search=Search(runtime.door),
        schedule=amendments.submit,
        pending=PendingSearch(runtime.door),
        authorities=authorities,
        many=Import(batches.submit, register, runtime.door, authorities),
        save=drafts.submit,
        drafts=DraftSearch(runtime.door),
    )
    due = DueAmendments(PendingSearch(runtime.database), amendments.submit)
    loops: dict[str, Loop] = {"group-commit": commits.run, "import-commit": batches.run, "draft-commit": drafts.run}
    return desk, {**loops, "amendment-commit": amendments.run, "amendments-due": due.run}


def _dossiers(runtime: Runtime, outbox: Outbox, settings: LicensingSettings) -> tuple[APIRouter, dict[str, Loop]]:
    """Their routes, and the loops that serve them and look at their clocks."""
    register = DossierRegister(runtime.codec, outbox.append)
    files = GroupCommit[DossierCommand, Filed](runtime.door, register.apply, outbox.wake)
    found = DossierSearch(runtime.door, runtime.codec)
    shown = Shown(Search(runtime.door), AuthorisationSearch(runtime.door))
    days = Days(settings.dossier_check_days, settings.dossier_advice_days, settings.dossier_decision_days)
    clock = DossierClock(DossierSearch(runtime.database, runtime.codec), files.submit)
    routes = dossier_router(files.submit, found, shown, days.due, settings.zone_of)
    return routes, {"dossier-commit": files.run, "dossier-clock": clock.run}


def _nothing_to_publish() -> None:
    """Drafts are nobody else's."""


def _settings() -> LicensingSettings:
    try:
        return LicensingSettings()
    except (ValidationError, SettingsError) as error:
        raise Fatal(f"TOLBRUG_LICENSING__* cannot be used: {error}") from error
