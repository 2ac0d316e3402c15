"""The customs door, put together."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from services.core.values import Mrn
from services.customs import topology
from services.customs.adapters import http
from services.customs.adapters.accounts import Accounts
from services.customs.adapters.answers import AnswerStore
from services.customs.adapters.intake import Intake
from services.customs.adapters.log import MessageLog
from services.customs.adapters.queries import Queries
from services.customs.adapters.register import Register
from services.customs.domain.answer import Answer
from services.customs.settings import Settings
from services.runtime.fold import FoldSpec
from services.runtime.group_commit import GroupCommit
from services.runtime.outbox import Outbox
from services.runtime.service import Runtime, Service

NAME = "customs"


def build(runtime: Runtime) -> Service:
    settings = Settings().customs
    outbox = Outbox(runtime.database, NAME, runtime.codec)
    intake = Intake(settings.party, ZoneInfo(settings.time_zone))
    register = Register(MessageLog(runtime.codec, intake), outbox, lambda: datetime.now(UTC))
    commit = GroupCommit(runtime.door, register.receive, outbox.wake)
    store = AnswerStore(runtime.codec)
    queries = Queries(runtime.door, runtime.codec, store)
    accounts = Accounts(runtime.database, store, every_s=settings.accounts_every_s, in_flight_s=settings.in_flight_s)
    return Service(
        name=NAME,
        migrations="services.customs.adapters.migrations",
        topics=topology.TOPICS,
        routers=(http.router(intake, commit, queries),),
        folds=(_answers(store),),
        outboxes=(outbox,),
        loops={
            "intake": commit.run,
            "accounts": accounts.watch,
            "answers watched": queries.answers.run,
            "messages watched": queries.messages.run,
        },
    )


def _answers(store: AnswerStore) -> FoldSpec[Answer]:
    return FoldSpec(
        service=NAME,
        name="answers",
        inputs=topology.ANSWERS_INPUTS,
        handlers=topology.ANSWERS,
        aggregate=lambda message: message.key,
        new=lambda mrn: Answer(Mrn(mrn)),
        store=store,
    )
