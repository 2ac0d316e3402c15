"""Topics between the services: what one reads another writes, and each is written by the service it is named after."""

import ast
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import services
from services.core.message import Message
from services.runtime.registry import MESSAGES

ROOT = Path(services.__file__).parent
SERVICES = tuple(sorted(path.parent.name for path in ROOT.glob("*/topology.py")))
COMING: frozenset[str] = frozenset()
"""Messages that have a schema, and whose makers follow."""
BY_NAME = {kind.__name__: kind for kind in MESSAGES}


@cache
def made_by(service: str) -> frozenset[type[Message]]:
    """Messages that a service's own code constructs."""
    calls = (
        node.func
        for path in ROOT.joinpath(service).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
    )
    return frozenset(BY_NAME[call.id] for call in calls if isinstance(call, ast.Name) and call.id in BY_NAME)


def tables(service: str) -> list[tuple[tuple[str, ...], dict[type[Message], Any]]]:
    """Inputs and handlers of each fold, from the names in the service's topology."""
    topology = vars(import_module(f"services.{service}.topology"))
    inputs = [value for name, value in topology.items() if name.endswith("INPUTS")]
    handlers = [
        value for value in topology.values() if isinstance(value, dict) and value and set(value) <= set(MESSAGES)
    ]
    assert len(inputs) == len(handlers), f"{service}: a table of handlers for each list of inputs"
    return list(zip(inputs, handlers, strict=True))


CONSUMED = [
    pytest.param(service, inputs, handlers, id=f"{service}-{place}")
    for service in SERVICES
    for place, (inputs, handlers) in enumerate(tables(service))
]


@pytest.mark.parametrize(("service", "inputs", "handlers"), CONSUMED)
def test_every_handled_message_is_on_an_input_and_every_input_is_handled(
    service: str, inputs: tuple[str, ...], handlers: dict[type[Message], Any]
) -> None:
    assert {kind.TOPIC for kind in handlers} == {topic.removesuffix(".dlq") for topic in inputs}


@pytest.mark.parametrize(("service", "inputs", "handlers"), CONSUMED)
def test_every_consumed_message_is_made_by_some_service(
    service: str, inputs: tuple[str, ...], handlers: dict[type[Message], Any]
) -> None:
    made = {kind for each in SERVICES for kind in made_by(each)}
    assert {kind for kind in handlers if kind.__name__ not in COMING} <= made


def test_every_message_type_has_a_handler_for_all_of_its_topic() -> None:
    """A reader of a topic that overlooks one of its types would skip it silently."""
    for service in SERVICES:
        for inputs, handlers in tables(service):
            on_inputs = {kind for kind in MESSAGES if kind.TOPIC in {topic.removesuffix(".dlq") for topic in inputs}}
            assert set(handlers) == on_inputs, service


@pytest.mark.parametrize("kind", MESSAGES, ids=lambda kind: kind.SCHEMA)
def test_a_message_is_made_by_the_service_its_topic_is_named_after_and_by_no_other(kind: type[Message]) -> None:
    makers = [service for service in SERVICES if kind in made_by(service)]
    assert makers == [kind.TOPIC.split(".")[0]] or (kind.__name__ in COMING and not makers)


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_names_every_topic_it_reads_or_writes(service: str) -> None:
    topics = set(import_module(f"services.{service}.topology").TOPICS)
    read = {topic for inputs, _ in tables(service) for topic in inputs}
    written = {kind.TOPIC for kind in made_by(service)}
    assert topics == read | written
