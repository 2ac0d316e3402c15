"""`tolbrug run SERVICE`: one service, one process. This is what containers run."""

from typing import Annotated

import typer

from services.cli.console import AsJson, remark, show
from services.cli.up import Port, with_port
from services.core.errors import Fatal
from services.runtime.settings import RuntimeSettings

Name = Annotated[str, typer.Argument(metavar="SERVICE", help="customs, licensing, reconciliation or alerting.")]


def run_service(*, service: Name, port: Port = None, as_json: AsJson = False) -> None:
    """Run one service in this process until SIGTERM.

    Needs TOLBRUG_KAFKA__BOOTSTRAP_SERVERS and TOLBRUG_DATABASE__URL. Any number of processes of one service may run:
    they share the work.
    """
    from services.cli.services import SERVICES
    from services.cli.serving import Ready, log_to, run, serve

    entry = SERVICES.get(service)
    if entry is None:
        raise typer.BadParameter(f"{service} is none of {', '.join(SERVICES)}", param_hint="SERVICE")
    settings = with_port(RuntimeSettings(), port)
    if not settings.kafka.bootstrap_servers or not settings.database.url:
        raise Fatal("One service needs addresses: set TOLBRUG_KAFKA__BOOTSTRAP_SERVERS and TOLBRUG_DATABASE__URL")
    log_to(settings)

    def ready(up: Ready) -> None:
        show({"url": up.process.url, "services": [service]}, f"{service} answers at {up.process.url}", as_json=as_json)
        remark(f"metrics {up.process.url}/metrics · SIGTERM ends")

    run(serve(settings, [entry.build], ready))
