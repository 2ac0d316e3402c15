"""`tolbrug up`: all services in one process."""

import sys
from typing import Annotated

import typer

from services.cli.console import AsJson, remark, show
from services.runtime.settings import RuntimeSettings

Port = Annotated[int | None, typer.Option("--port", help="HTTP port, 0 for a free one. [default: 8000]")]


def with_port(settings: RuntimeSettings, port: int | None) -> RuntimeSettings:
    """The settings with the port of the command line, when one was given."""
    if port is None:
        return settings
    return settings.model_copy(update={"http": settings.http.model_copy(update={"port": port})})


def up(*, port: Port = None, as_json: AsJson = False) -> None:
    """Run all services in one process until Ctrl-C.

    Kafka and PostgreSQL are started with them, unless TOLBRUG_KAFKA__BOOTSTRAP_SERVERS and TOLBRUG_DATABASE__URL
    say where they are. Data and logs are kept under .tolbrug (TOLBRUG_STATE).
    """
    from services.cli.services import SERVICES
    from services.cli.serving import Ready, log_to, run, serve

    settings = with_port(RuntimeSettings(), port)
    log = settings.state / "logs" / "services.log" if sys.stderr.isatty() else None
    log_to(settings, log)

    def ready(begun: Ready) -> None:
        show({"url": begun.process.url, "services": list(SERVICES)}, f"Up at {begun.process.url}", as_json=as_json)
        remark(f"alerts {begun.process.url}/v1/alerts · metrics {begun.process.url}/metrics · Ctrl-C ends")

    run(serve(settings, [entry.build for entry in SERVICES.values()], ready))
