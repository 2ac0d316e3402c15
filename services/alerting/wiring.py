"""The composition root: settings and runtime in, a service out."""

from collections.abc import Awaitable, Callable
from hashlib import sha256

from pydantic import ValidationError

from services.alerting.adapters.alert_store import AlertStore
from services.alerting.adapters.http import alerting_router
from services.alerting.adapters.search import Search
from services.alerting.adapters.tail import Tail
from services.alerting.adapters.tally import Tally
from services.alerting.domain.alert import Case, alert_id
from services.alerting.settings import AlertingSettings
from services.alerting.topology import FOLD, HANDLERS, INPUTS, TOPICS
from services.core.errors import Fatal
from services.runtime.fold import FoldSpec
from services.runtime.service import Runtime, Service
from services.runtime.webhook.deliveries import Deliveries
from services.runtime.webhook.endpoint import Endpoint
from services.runtime.webhook.overview import Overview

NAME = "alerting"


def build(runtime: Runtime) -> Service:
    """The fold, its readers, and the webhook when one is set."""
    database, codec = runtime.database, runtime.codec
    endpoint = _endpoint(_settings())
    tally = Tally(database)
    tail = Tail(database, codec, FOLD)
    loops: dict[str, Callable[[], Awaitable[None]]] = {"tally": tally.run, "tail": tail.run}
    if endpoint is not None:
        loops["webhook"] = Deliveries(database, NAME, endpoint).run
        loops["webhooks counted"] = Overview(database, NAME).watch
    fold = FoldSpec[Case](
        service=NAME,
        name=FOLD,
        inputs=INPUTS,
        handlers=HANDLERS,
        aggregate=alert_id,
        new=lambda _: Case(),
        store=AlertStore(codec, tally, () if endpoint is None else (endpoint.id,)),
    )
    return Service(
        name=NAME,
        migrations="services.alerting.adapters.migrations",
        topics=TOPICS,
        routers=(alerting_router(Search(runtime.door, codec), tail),),
        folds=(fold,),
        loops=loops,
    )


def _settings() -> AlertingSettings:
    try:
        return AlertingSettings()
    except ValidationError as error:
        raise Fatal(f"TOLBRUG_ALERTING__* cannot be used: {error}") from error


def _endpoint(settings: AlertingSettings) -> Endpoint | None:
    """Named by a hash: the URL may hold a token."""
    return settings.endpoint(sha256((settings.webhook_url or "").encode()).hexdigest()[:16])
