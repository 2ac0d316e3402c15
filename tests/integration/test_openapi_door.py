"""The customs door keeps what its OpenAPI description says: its examples are taken, and no call shows otherwise."""

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from services.runtime.settings import RuntimeSettings
from tests.integration.customs_installation import Door, door

ROOT = Path(__file__).parents[2]
SEED = 20261124


async def description(one: Door) -> dict[str, Any]:
    found: dict[str, Any] = (await one.client.get("/openapi.json")).json()
    return found


async def test_every_example_is_taken_and_answered_as_described(runtime_settings: RuntimeSettings) -> None:
    async with door(runtime_settings) as one:
        document = await description(one)
        components = {"components": document["components"]}
        call = document["paths"]["/v1/customs/messages"]["post"]
        taken = call["responses"]["202"]["content"]["application/json"]["schema"]
        answered = Draft202012Validator({**components, **taken})
        kinds = []
        for media_type, content in call["requestBody"]["content"].items():
            described = Draft202012Validator({**components, **content["schema"]})
            for name, example in content.get("examples", {}).items():
                assert described.is_valid(example["value"]), name
                got = await one.client.post("/v1/customs/messages", **body(media_type, example["value"]))
                assert got.status_code == 202, (name, got.text)
                answered.validate(got.json())
                kinds.append(name)
    union = call["requestBody"]["content"]["application/json"]["schema"]["discriminator"]["mapping"]
    assert set(union) <= set(kinds), "one example per kind"


def body(media_type: str, value: Any) -> dict[str, Any]:
    headers = {"Content-Type": media_type}
    return {"json": value} if media_type == "application/json" else {"content": value.encode(), "headers": headers}


async def test_the_description_is_openapi_3_1_with_sound_schemas(runtime_settings: RuntimeSettings) -> None:
    async with door(runtime_settings) as one:
        document = await description(one)
    assert document["openapi"].startswith("3.1.")
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
    statuses = document["paths"]["/v1/customs/messages"]["post"]["responses"]
    assert {"200", "202", "400", "409", "413", "415", "422", "503"} <= statuses.keys()
    assert statuses["202"]["headers"].keys() == {"Location"}
    assert "application/problem+json" in statuses["422"]["content"]


@pytest.mark.timeout(300)
async def test_no_call_that_schemathesis_makes_shows_otherwise(
    runtime_settings: RuntimeSettings, tmp_path: Path
) -> None:
    """Every check, every phase; bounded, and the same calls each time."""
    async with door(runtime_settings) as one:
        command = [
            *(str(Path(sys.executable).with_name("schemathesis")), "run", f"http://{one.host}:{one.port}/openapi.json"),
            *("--checks", "all", "--seed", str(SEED), "--max-examples", "50", "--continue-on-failure"),
            *("--generation-database", "none", "--warnings", "off", "--no-color"),
        ]
        variables = {**os.environ, "SCHEMATHESIS_HOOKS": "tests.integration.openapi_hooks", "PYTHONPATH": str(ROOT)}
        process = await asyncio.create_subprocess_exec(
            *command, cwd=tmp_path, env=variables, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        assert process.stdout is not None
        said = (await process.stdout.read()).decode(errors="replace")
        assert await process.wait() == 0, said[-6000:]
