"""Schemas that stand beside a route become components, once each."""

from typing import Any

import pytest
from fastapi import APIRouter, FastAPI

from services.runtime.openapi import described

REFERENCE = {"$ref": "#/components/schemas/Thing"}


async def nothing() -> None:
    """A route without parameters."""


def with_things(*things: dict[str, Any]) -> FastAPI:
    """One route per meaning of `Thing`."""
    app, router = FastAPI(), APIRouter()
    for number, thing in enumerate(things):
        schema = {**REFERENCE, "$defs": {"Thing": thing}}
        answer = {"description": "", "content": {"application/json": {"schema": schema}}}
        router.add_api_route(f"/{number}", nothing, responses={404: answer, 422: answer})
    app.include_router(router)
    app.openapi = described(app)  # type: ignore[method-assign]  # the framework's own way to extend it
    return app


def test_schemas_beside_a_route_become_components() -> None:
    document = with_things({"type": "string"}, {"type": "string"}).openapi()
    assert document["components"]["schemas"]["Thing"] == {"type": "string"}
    for path in ("/0", "/1"):
        answer = document["paths"][path]["get"]["responses"]["404"]
        assert answer["content"]["application/json"]["schema"] == REFERENCE


def test_one_name_has_one_meaning() -> None:
    with pytest.raises(ValueError, match="two schemas are named Thing"):
        with_things({"type": "string"}, {"type": "object"}).openapi()


def test_it_is_made_once() -> None:
    app = with_things({"type": "string"})
    assert app.openapi() is app.openapi()
