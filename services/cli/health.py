"""`tolbrug health URL`: what containers ask themselves."""

from typing import Annotated

import httpx
import typer

from services.cli.console import AsJson, show

Address = Annotated[str, typer.Argument(metavar="URL", help="For example http://127.0.0.1:8000/readyz")]


def health(*, url: Address, as_json: AsJson = False) -> None:
    """Exit with 0 when the address answers 200 within 3 seconds, else with 1."""
    try:
        response = httpx.get(url, timeout=3)
        status, text = response.status_code, response.text.strip()
    except httpx.HTTPError as error:
        status, text = 0, f"{type(error).__name__}: {error}"
    show({"status": status, "body": text}, text, as_json=as_json)
    if status != httpx.codes.OK:
        raise typer.Exit(1)
