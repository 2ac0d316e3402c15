"""`tolbrug` as a process on the installation of a test."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

from services.runtime.settings import RuntimeSettings

TOLBRUG = str(Path(sys.executable).with_name("tolbrug"))


async def tolbrug(settings: RuntimeSettings, *arguments: str) -> tuple[int, dict[str, Any]]:
    """Exit code and the JSON it prints."""
    env = os.environ | {
        "TOLBRUG_KAFKA__BOOTSTRAP_SERVERS": settings.kafka.bootstrap_servers,
        "TOLBRUG_KAFKA__TOPIC_PREFIX": settings.kafka.topic_prefix,
        "TOLBRUG_KAFKA__PARTITIONS": str(settings.kafka.partitions),
        "TOLBRUG_DATABASE__URL": settings.database.url,
        "TOLBRUG_STATE": str(settings.state),
    }
    process = await asyncio.create_subprocess_exec(
        TOLBRUG, *arguments, "--json", env=env, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    output, errors = await process.communicate()
    assert process.returncode is not None
    return process.returncode, json.loads(output) if output.strip() else {"error": errors.decode()}
