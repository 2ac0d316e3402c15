"""The other end of the webhook: checks the signature, then hands the alert over.

The demo and the tests show with it that alerts arrive; a receiver in production does the same.
"""

import inspect
import json
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import FastAPI, Request, Response
from standardwebhooks import Webhook, WebhookVerificationError

LARGEST = 4 * 1024 * 1024

OnAlert = Callable[[str, dict[str, Any]], Awaitable[None] | None]
"""`(webhook-id, payload)`. The same id may come more than once: a delivery whose answer was lost is sent again."""


def make_receiver(secret: str, on_alert: OnAlert) -> FastAPI:
    """An application that takes webhooks at `/`: 204 when signed by `secret` within five minutes, else 401."""
    verifier = Webhook(secret)
    app = FastAPI(title="Webhook receiver", docs_url=None, redoc_url=None, openapi_url=None)

    @app.post("/")
    async def receive(request: Request) -> Response:
        body = await request.body()
        if len(body) > LARGEST:
            return Response(status_code=413)
        try:
            verifier.verify(body, dict(request.headers), json_parse=False)
        except (WebhookVerificationError, ValueError):
            return Response(status_code=401)
        waiting = on_alert(request.headers["webhook-id"], json.loads(body))
        if inspect.isawaitable(waiting):
            await waiting
        return Response(status_code=204)

    return app
