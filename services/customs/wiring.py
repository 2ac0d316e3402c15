"""The customs door, put together."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from pydantic import ValidationError
from pydantic_settings import SettingsError

from services.core.errors import Fatal
from services.core.values import Mrn
from services.customs import topology
from services.customs.adapters.accounts import Accounts
from services.customs.adapters.answers import AnswerStore
from services.customs.adapters.code_judge import CodeJudge
from services.customs.adapters.code_lists import CodeLists
from services.customs.adapters.consignments import Consignments
from services.customs.adapters.declarers import Declarers
from services.customs.adapters.http import codes, routes
from services.customs.adapters.http.webhooks import webhook_router
from services.customs.adapters.intake import Intake
from services.customs.adapters.log import MessageLog
from services.customs.adapters.party_topic import PartyTopic
from services.customs.adapters.queries import Queries
from services.customs.adapters.register import Register
from services.customs.adapters.telling import Telling
from services.customs.domain.answer import Answer, settled
from services.customs.settings import CustomsSettings, Settings
from services.runtime.fold import FoldSpec
from services.runtime.group_commit import GroupCommit
from services.runtime.outbox import Outbox
from services.runtime.parties import Doorkeeper
from services.runtime.registering import registering
from services.runtime.service import Runtime, Service
from services.runtime.webhook.deliveries import Deliveries
from services.runtime.webhook.endpoint import Endpoint
from services.runtime.webhook.overview import Overview

NAME = "customs"


def build(runtime: Runtime) -> Service:
    settings = _settings()
    outbox = Outbox(runtime.database, NAME, runtime.codec)
    zone = ZoneInfo(settings.time_zone)
    lists = CodeLists(runtime.door, outbox)
    judge = CodeJudge(lists, lambda: datetime.now(UTC), zone, refuses=settings.unlisted_codes == "refuse")
    intake = Intake(zone, judge)
    doorkeeper = Doorkeeper({p.name: p.token_sha256 for p in settings.parties if p.token_sha256}, settings.party)
    register = _register(MessageLog(runtime.codec, intake), settings, outbox)
    commit = GroupCommit(runtime.door, register.receive, outbox.wake)
    endpoints = _endpoints(settings)
    telling = Telling([endpoint.id for endpoint in endpoints])
    store = AnswerStore(runtime.codec, telling.parts)
    overview = Overview(runtime.database, NAME)
    queries = Queries(runtime.door, runtime.codec, store)
    nodes = PartyTopic(_intake_topics(settings), runtime.codec, intake, register, outbox)
    accounts = Accounts(runtime.database, store, every_s=settings.accounts_every_s, in_flight_s=settings.in_flight_s)
    return Service(
        name=NAME,
        migrations="services.customs.adapters.migrations",
        topics=topics(),
        routers=(
            routes.router(intake, commit, queries, doorkeeper),
            webhook_router(Overview(runtime.door, NAME), doorkeeper),
            codes.router(lists, doorkeeper),
        ),
        folds=(_answers(store), registering(NAME, "intake", tuple(_intake_topics(settings)), nodes.registers())),
        outboxes=(outbox,),
        loops={
            "intake": commit.run,
            "code lists": lists.watch,
            "accounts": accounts.watch,
            "answers watched": queries.answers.run,
            "messages watched": queries.messages.run,
            "webhooks counted": overview.watch,
            **{f"webhook {e.id}": Deliveries(runtime.database, NAME, e).run for e in endpoints},
        },
    )


def _register(messages: MessageLog, settings: CustomsSettings, outbox: Outbox) -> Register:
    administering = [party.name for party in settings.parties if party.administers]
    declarers = Declarers(checked=len(settings.names) > 1, administering=administering)
    return Register(messages, Consignments(messages), declarers, outbox, lambda: datetime.now(UTC))


def topics() -> tuple[str, ...]:
    """All that this service reads or writes, those of its parties among them."""
    return (*topology.TOPICS, *_intake_topics(_settings()))


def _settings() -> CustomsSettings:
    try:
        return Settings().customs
    except (ValidationError, SettingsError) as error:
        raise Fatal(f"TOLBRUG_CUSTOMS__* cannot be used: {error}") from error


def _endpoints(settings: CustomsSettings) -> list[Endpoint]:
    """Where verdicts go: a party keeps its deliveries when its URL changes."""
    endpoints = (party.endpoint(party.name) for party in settings.parties)
    return [endpoint for endpoint in endpoints if endpoint is not None]


def _intake_topics(settings: CustomsSettings) -> dict[str, str]:
    """The topic of each party, with its name."""
    return {topology.intake_topic(name): name for name in settings.names}


def _answers(store: AnswerStore) -> FoldSpec[Answer]:
    return FoldSpec(
        service=NAME,
        name="answers",
        inputs=topology.ANSWERS_INPUTS,
        handlers=topology.ANSWERS,
        aggregate=lambda message: message.key,
        new=lambda mrn: Answer(Mrn(mrn)),
        store=store,
        settled=settled,
    )
