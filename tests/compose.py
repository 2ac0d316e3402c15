"""docker-compose.yml as data, with its variables filled in as Docker would."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
OWN_IMAGE = "tolbrug:"
VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")


def raw() -> dict[str, Any]:
    """As written; anchors are followed."""
    content: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return content


def services() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = raw()["services"]
    return found


def own_services() -> dict[str, dict[str, Any]]:
    """Those that run our image."""
    return {name: service for name, service in services().items() if service["image"].startswith(OWN_IMAGE)}


def filled(text: str, variables: Mapping[str, str]) -> str:
    """`${NAME:-default}` and `${NAME:?reason}` as Docker fills them; KeyError with the reason when one is missing."""

    def value(match: re.Match[str]) -> str:
        name, kind, rest = match.groups()
        if variables.get(name):
            return variables[name]
        if kind == "-":
            return rest or ""
        raise KeyError(f"{name}: {rest}")

    return VARIABLE.sub(value, text)


def environment(service: Mapping[str, Any], variables: Mapping[str, str]) -> dict[str, str]:
    """The environment of one service."""
    return {name: filled(str(text), variables) for name, text in service.get("environment", {}).items()}


def demo_variables() -> dict[str, str]:
    lines = (ROOT / "deploy/demo.env").read_text().splitlines()
    pairs = (
        (name, value) for name, _, value in (line.partition("=") for line in lines if line and not line.startswith("#"))
    )
    return dict(pairs)
