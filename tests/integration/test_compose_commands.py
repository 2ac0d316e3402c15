"""Every command of our image in docker-compose.yml, run as a process with the environment that compose gives it.

Only the addresses are exchanged: Kafka's, PostgreSQL's and the HTTP port; there is no registry here, so the bundled ids
are used. The engines' own images and commands are not ours to run.
"""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from services.embedded.ports import free_port, is_free
from services.runtime.settings import RuntimeSettings
from tests.compose import demo_variables, environment, own_services

TOLBRUG = str(Path(sys.executable).with_name("tolbrug"))


def adapted(service: Mapping[str, Any], settings: RuntimeSettings, port: int) -> dict[str, str]:
    """The service's environment, with this machine's addresses in the places of the containers'."""
    given = environment(service, demo_variables())
    assert given["TOLBRUG_KAFKA__BOOTSTRAP_SERVERS"] == "kafka:9092"
    database = urlsplit(settings.database.url)
    there = urlsplit(given["TOLBRUG_DATABASE__URL"])
    host = f"{there.username}@{database.hostname}:{database.port}"
    given |= {
        "TOLBRUG_KAFKA__BOOTSTRAP_SERVERS": settings.kafka.bootstrap_servers,
        "TOLBRUG_KAFKA__TOPIC_PREFIX": settings.kafka.topic_prefix,
        "TOLBRUG_DATABASE__URL": there._replace(netloc=host, path=database.path).geturl(),
        "PGPASSWORD": unquote(database.password or ""),
        "TOLBRUG_HTTP__PORT": str(port),
        "TOLBRUG_STATE": str(settings.state),
        "PATH": os.environ["PATH"],
    }
    del given["TOLBRUG_REGISTRY__URL"]
    return given


async def run(arguments: list[str], env: Mapping[str, str]) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        TOLBRUG, *arguments, env=env, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    output, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, output.decode()


async def healthy(service: Mapping[str, Any], env: Mapping[str, str], process: asyncio.subprocess.Process) -> None:
    """Until its own health check says so, as compose waits for it."""
    check = [word.replace(":8000/", f":{env['TOLBRUG_HTTP__PORT']}/") for word in service["healthcheck"]["test"][2:]]
    deadline = time.monotonic() + 60
    # A check is a process, which would hinder the start it waits for: the first comes when somebody listens.
    while is_free(int(env["TOLBRUG_HTTP__PORT"])) or (await run(check, env))[0] != 0:
        assert process.returncode is None, "it ended before it was ready"
        assert time.monotonic() < deadline, "it was not ready within 60 s"
        await asyncio.sleep(0.05)


@pytest.mark.timeout(300)
async def test_topics_apply_and_each_service_run_as_compose_runs_them(runtime_settings: RuntimeSettings) -> None:
    topics = own_services()["topics"]
    code, output = await run(topics["command"], adapted(topics, runtime_settings, 0))
    assert code == 0, output
    long_lived = {n: s for n, s in own_services().items() if n != "topics" and "profiles" not in s}
    assert sorted(long_lived) == ["alerting", "customs", "licensing", "reconciliation"]
    for name, service in long_lived.items():
        await started_and_stopped(name, service, runtime_settings)
    # Stopped before its scenario was played to the end, the demo cannot say that all is well.
    await started_and_stopped("demo", own_services()["demo"], runtime_settings, code=1)


async def started_and_stopped(
    name: str, service: Mapping[str, Any], settings: RuntimeSettings, *, code: int = 0
) -> None:
    """Ready by its own health check; after SIGTERM gone within 25 seconds, with that exit code."""
    env = adapted(service, settings, free_port())
    log = settings.state / f"{name}.log"
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            TOLBRUG, *service["command"], env=env, stdout=output, stderr=output
        )
    try:
        await healthy(service, env, process)
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 25) == code, log.read_text()[-2000:]
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
