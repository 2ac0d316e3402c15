"""Routes that carry the load, served without what the framework does around a route.

Routing, dependencies and layers of error handling take several times as long as reading a message. A direct route has a
fixed path and takes the request as it is; it stands in the OpenAPI description like any other.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute
from starlette.types import ASGIApp, Receive, Scope, Send

Answering = Callable[[Request, Exception], Awaitable[Response]]


class DirectRoute(APIRoute):
    """A route whose endpoint takes the request alone and gives the response, or raises."""


class Direct:
    """Serves the direct routes among those of the routers; all else goes to the application.

    `answers` is what becomes of an exception, by its class or the nearest one above it.
    """

    def __init__(
        self, app: ASGIApp, routers: Sequence[APIRouter], answers: Mapping[type[Exception], Answering]
    ) -> None:
        self._app = app
        self._answers = answers
        routes = [route for router in routers for route in router.routes if isinstance(route, DirectRoute)]
        self._routes = {(method, route.path): route for route in routes for method in route.methods or ()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        route = self._routes.get((scope["method"], scope["path"])) if scope["type"] == "http" else None
        if route is None:
            await self._app(scope, receive, send)
            return
        scope["route"] = route
        request = Request(scope, receive)
        try:
            response = await route.endpoint(request)
        except Exception as error:  # noqa: BLE001 - each has its answer
            response = await self._answer(request, error)
        await response(scope, receive, send)

    async def _answer(self, request: Request, error: Exception) -> Response:
        kind = next(kind for kind in type(error).__mro__ if kind in self._answers)
        return await self._answers[kind](request, error)
