"""Requests to the doors from the command line, in the name of the party whose token `TOLBRUG_TOKEN` is."""

import json
import os
from typing import Any

import httpx

from services.core.errors import Fatal

TIMEOUT_S = 30.0


def ask(url: str, path: str, **query: Any) -> httpx.Response:
    """GET; Fatal when nobody answers."""
    return _request("GET", url, path, params={name: value for name, value in query.items() if value is not None})


def post(url: str, path: str, content: bytes, content_type: str) -> httpx.Response:
    """POST; Fatal when nobody answers."""
    return _request("POST", url, path, content=content, headers={"content-type": content_type})


def body(response: httpx.Response) -> Any:
    """The JSON of an answer. Fatal, with the problem in words, when it is not a good one."""
    return json.loads(content(response))


def content(response: httpx.Response) -> bytes:
    """The bytes of an answer. Fatal, with the problem in words, when it is not a good one."""
    if response.is_success:
        return response.content
    raise Fatal(f"{response.request.url} answered {response.status_code}: {problem(response)}")


def problem(response: httpx.Response) -> str:
    """A problem document (RFC 9457) as one sentence; the plain text when it is none."""
    try:
        document = response.json()
    except ValueError:
        return response.text.strip()
    return sentence(document)


def sentence(document: dict[str, Any]) -> str:
    """A problem document in words."""
    faults = "; ".join(
        f"{fault['path']}: {fault['detail']}" if fault["path"] else fault["detail"]
        for fault in document.get("errors", [])
    )
    return f"{document.get('title', '')}" + (f" ({faults})" if faults else "")


def authorization() -> dict[str, str]:
    """The header that says who sends, when there is a token."""
    token = os.environ.get("TOLBRUG_TOKEN")
    return {"authorization": f"Bearer {token}"} if token else {}


def _request(method: str, url: str, path: str, **more: Any) -> httpx.Response:
    headers = more.pop("headers", {}) | authorization()
    try:
        return httpx.request(method, url.rstrip("/") + path, timeout=TIMEOUT_S, headers=headers, **more)
    except httpx.TransportError as error:
        raise Fatal(f"{url} does not answer ({error}); start it with `tolbrug up`, or name it with --url") from error
