"""`tolbrug alerts`: what someone must act on, and the other end of the webhook."""

import json
import os
from typing import Annotated, Any

import typer
from rich.table import Table

from services.cli.console import DEFAULT_URL, AsJson, Url, remark, show
from services.cli.door import ask, body
from services.core.errors import Fatal

commands = typer.Typer(help="Look at alerts, or receive them.")
COLUMNS = ("severity", "code", "licence", "mrn", "count", "state", "track", "id")


@commands.callback(invoke_without_command=True)
def alerts(
    *,
    context: typer.Context,
    code: Annotated[str | None, typer.Option(help="Only this finding, such as quantity.overrun.")] = None,
    state: Annotated[str | None, typer.Option(help="Only alerts in this state.")] = None,
    licence: Annotated[str | None, typer.Option(help="Only alerts about this licence.")] = None,
    mrn: Annotated[str | None, typer.Option(help="Only alerts about this declaration.")] = None,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """List alerts, newest first. Without a command; `listen` receives them as webhooks."""
    if context.invoked_subcommand is not None:
        return
    items: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        page = body(ask(url, "/v1/alerts", code=code, state=state, licence=licence, mrn=mrn, cursor=cursor))
        items += page["items"]
        cursor = page.get("next")
        if not cursor:
            break
    table = Table(*COLUMNS, title=f"{len(items)} alerts", title_justify="left")
    for item in items:
        table.add_row(*(str(item.get(name) or "") for name in COLUMNS), style=_style(item))
    show({"items": items}, table, as_json=as_json)


@commands.command()
def listen(
    *,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on.")] = 8099,
    as_json: AsJson = False,
) -> None:
    """Receive alerts as webhooks and print them until Ctrl-C.

    Only those signed with TOLBRUG_ALERTING__WEBHOOK_SECRET, which must be set; the others are answered with 401.
    """
    import uvicorn

    from services.alerting.adapters.receiver import make_receiver

    secret = os.environ.get("TOLBRUG_ALERTING__WEBHOOK_SECRET")
    if not secret:
        raise Fatal("Set TOLBRUG_ALERTING__WEBHOOK_SECRET to the secret that the alerting service signs with")

    def received(webhook_id: str, payload: dict[str, Any]) -> None:
        typer.echo(json.dumps({"webhook_id": webhook_id, **payload}) if as_json else _line(payload))

    config = uvicorn.Config(make_receiver(secret, received), host=host, port=port, log_level="warning")
    remark(f"Listening at http://{host}:{port}/ · Ctrl-C ends")
    uvicorn.Server(config).run()


def _line(payload: dict[str, Any]) -> str:
    alert = payload.get("data", payload)
    return " ".join(str(alert[name]) for name in COLUMNS if alert.get(name) not in {None, ""})


def _style(item: dict[str, Any]) -> str | None:
    return {"critical": "red", "warning": "yellow"}.get(item.get("severity", ""))
