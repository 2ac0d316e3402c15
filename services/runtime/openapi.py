"""The OpenAPI description of a process: what the routes say, with their own schemas among the components."""

from collections.abc import Callable
from typing import Any, Final

from fastapi import FastAPI

REFERENCES: Final = "#/components/schemas/{model}"
"""Where a schema in a route's description refers to; the schemas themselves stand beside it, under `$defs`."""


def described(app: FastAPI) -> Callable[[], dict[str, Any]]:
    """Gives the description of `app`, made once. A `$defs` anywhere in it moves to the components.

    ValueError when two routes mean different things by one name.
    """
    make = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = make()
            components = document.setdefault("components", {}).setdefault("schemas", {})
            _hoist(document["paths"], components)
            app.openapi_schema = document
        return app.openapi_schema

    return openapi


def _hoist(value: Any, components: dict[str, Any]) -> None:
    if isinstance(value, list):
        for each in value:
            _hoist(each, components)
    if isinstance(value, dict):
        for name, schema in value.pop("$defs", {}).items():
            if components.setdefault(name, schema) != schema:
                raise ValueError(f"two schemas are named {name}")
        for each in value.values():
            _hoist(each, components)
