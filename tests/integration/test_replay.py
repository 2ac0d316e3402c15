"""`tolbrug replay` on real engines: the ledger again from the topics, and what other rules would have answered."""

import asyncio
import json
from pathlib import Path

import pytest

from services.cli.replay_work import Job, fresh_database, prepared, rebuild_partition
from services.core.errors import Corrupt
from services.reconciliation.adapters import replay
from services.runtime.settings import RuntimeSettings
from tests.builders import REF, a_demand, a_licence, mrn
from tests.integration.command import tolbrug
from tests.integration.in_process import running
from tests.integration.installation import Installation
from tests.integration.kafka_log import KafkaLog
from tests.integration.recorded_ledger import (
    ENTRIES,
    FLIPPED,
    MESSAGES,
    REMOVED,
    REMOVED_FROM,
    change,
    connection,
    ledger_alone,
    record,
    send,
    until_read,
)

TOLERANT = {"quantity": {"tolerance": "0.5", "mode": "alert"}, "value": {"tolerance": "0.5"}}
OUTPUTS = "SELECT * FROM reconciliation.output WHERE fold = 'ledger' ORDER BY partition, seq"


async def differences(settings: RuntimeSettings, held: int = 100) -> list[str]:
    """What a replay finds, without the processes of the command."""
    with fresh_database(settings.database.url, None, keep=False) as target:
        jobs = [Job(settings, target, partition, held) for partition in await prepared(settings, target)]
        results = await asyncio.gather(*(rebuild_partition(job) for job in jobs))
    return [result.difference for result in results if result.difference is not None]


async def outputs(settings: RuntimeSettings) -> list[str]:
    async with connection(settings) as connected:
        return [str(row) for row in await (await connected.execute(OUTPUTS)).fetchall()]


async def test_the_topics_give_what_is_recorded_byte_for_byte(recorded: RuntimeSettings) -> None:
    code, result = await tolbrug(recorded, "replay")
    assert (code, result["differences"]) == (0, []), result
    assert (result["messages"], result["silent"], result["dead_letters"]) == (MESSAGES, 2, 2)
    assert result["entries"] == ENTRIES
    assert result["peak_rss_mb"] > 10
    assert result["entries_per_second"] > 0


async def test_the_rebuilt_database_holds_the_same_and_is_sound(recorded: RuntimeSettings) -> None:
    with fresh_database(recorded.database.url, None, keep=False) as other:
        assert (await tolbrug(recorded, "replay", "--into", other))[0] == 0
        rebuilt = recorded.model_copy(update={"database": recorded.database.model_copy(update={"url": other})})
        assert await outputs(rebuilt) == await outputs(recorded)
        code, verified = await tolbrug(rebuilt, "verify")
        assert (code, verified["licences"], verified["entries"]) == (0, 2, ENTRIES)
        code, refused = await tolbrug(recorded, "replay", "--into", other)
        assert code == 1
        assert "name an empty one" in refused["error"]


async def test_an_entry_with_one_altered_bit_is_named(recorded: RuntimeSettings) -> None:
    for at in ("length(value) - 1", "length(value) / 2", "40", "5", "1"):
        await change(recorded, FLIPPED.format(at=at), REF, 3)
        (difference,) = await differences(recorded)
        assert f"entry 3 of {REF}" in difference, at
        await change(recorded, FLIPPED.format(at=at), REF, 3)
    assert await differences(recorded) == []


async def test_ledgers_that_do_not_fit_in_memory_are_put_aside_and_taken_up_again(
    recorded: RuntimeSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay, "WRITTEN_AT_ONCE", 1)
    assert await differences(recorded, held=0) == []


async def test_a_removed_entry_is_named(recorded: RuntimeSettings) -> None:
    await change(recorded, REMOVED, REF, 4)
    (difference,) = await differences(recorded)
    assert f"entry 4 of {REF}, which it follows from, is not" in difference


async def test_an_entry_missing_at_the_end_is_named(recorded: RuntimeSettings) -> None:
    await change(recorded, REMOVED_FROM, REF, 5)
    (difference,) = await differences(recorded)
    assert f"the topics give entry 5 of {REF}, and no such thing is recorded" in difference


async def test_a_topic_that_was_made_anew_is_told(runtime_settings: RuntimeSettings) -> None:
    await record(runtime_settings)
    await KafkaLog(Installation.of(runtime_settings), a_licence().TOPIC).recreate()
    with pytest.raises(Corrupt, match="truncated or recreated"):
        await differences(runtime_settings)


async def test_other_rules_show_what_they_would_have_changed(recorded: RuntimeSettings, tmp_path: Path) -> None:
    file = tmp_path / "rules.json"
    file.write_text(json.dumps(TOLERANT))
    code, result = await tolbrug(recorded, "replay", "--rules", str(file))
    assert code == 0
    (changed,) = result["changes"]
    assert changed.pop("at")
    draw = {"licence": REF, "mrn": mrn(3), "item": 1, "line": 1}
    assert changed == draw | {"was": "refused (quantity.overrun, value.overrun)", "would_be": "covered"}
    assert result["rule_set"].startswith("rules-")
    past = await tolbrug(recorded, "replay", "--rules", str(file), "--to", "2026-01-01")
    assert (past[0], past[1]["changes"]) == (0, [])


async def test_a_replay_beside_running_services_follows_what_is_committed(runtime_settings: RuntimeSettings) -> None:
    await record(runtime_settings)
    async with running(runtime_settings, [ledger_alone]) as service:
        found, _ = await asyncio.gather(differences(runtime_settings), send(runtime_settings, a_demand(mrn=mrn(9))))
        assert found == []
        await until_read(service, MESSAGES + 1)
    assert await differences(runtime_settings) == []
