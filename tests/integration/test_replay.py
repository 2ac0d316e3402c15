"""`tolbrug replay` on real engines: the ledger again from the topics, and what other rules would have answered."""

import asyncio
import csv
import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from services.cli.replay_place import fresh_database
from services.core.errors import Corrupt
from services.core.messages import Entry
from services.reconciliation.adapters import replay_target
from services.runtime.kafka.topics import DEAD_LETTER_SUFFIX
from services.runtime.settings import RuntimeSettings
from tests.builders import REF, a_demand, a_licence, mrn
from tests.integration.command import tolbrug
from tests.integration.in_process import running
from tests.integration.recorded_ledger import (
    ENTRIES,
    FLIPPED,
    MESSAGES,
    OTHER,
    REMOVED,
    REMOVED_FROM,
    change,
    connection,
    ledger_alone,
    send,
    until_read,
)
from tests.integration.recorded_topic import Record, flipped, of_ref, place_of, with_entries, with_topics
from tests.integration.replaying import differences, replayed

TOLERANT = {"quantity": {"tolerance": "0.5", "mode": "alert"}, "value": {"tolerance": "0.5"}}
OUTPUTS = "SELECT * FROM reconciliation.output WHERE fold = 'ledger' ORDER BY partition, seq"
INDEXES = "SELECT indexdef FROM pg_indexes WHERE schemaname = 'reconciliation' ORDER BY 1"
BITS = (-1, 200, 40, 5, 1)
"""In the hash, the content, the head and the schema id of an entry."""


async def rows(settings: RuntimeSettings, query: str) -> list[tuple[Any, ...]]:
    async with connection(settings) as connected:
        return await (await connected.execute(query.encode())).fetchall()


async def outputs(settings: RuntimeSettings) -> list[str]:
    return [str(row) for row in await rows(settings, OUTPUTS)]


def kept_in(settings: RuntimeSettings, url: str) -> RuntimeSettings:
    return settings.model_copy(update={"database": settings.database.model_copy(update={"url": url})})


async def test_the_topics_give_what_is_recorded_byte_for_byte(recorded: RuntimeSettings) -> None:
    for option, dead in (("--no-table", 1), ("--table", 2)):
        code, result = await tolbrug(recorded, "replay", option)
        assert (code, result["differences"]) == (0, []), result
        assert (result["entries"], result["dead_letters"]) == (ENTRIES, dead)
        assert result["peak_rss_mb"] > 10
        assert result["entries_per_second"] > 0
    assert (result["table"], result["messages"], result["silent"]) == (True, MESSAGES, 2)
    assert result["digest"] == (await tolbrug(recorded, "replay"))[1]["digest"]


async def test_the_rebuilt_database_holds_the_same_and_is_sound(recorded: RuntimeSettings) -> None:
    with fresh_database(recorded.database.url, None, keep=False) as other:
        assert (await tolbrug(recorded, "replay", "--into", other))[0] == 0
        rebuilt = kept_in(recorded, other)
        assert await outputs(rebuilt) == await outputs(recorded)
        assert await rows(rebuilt, INDEXES) == await rows(recorded, INDEXES)
        assert await rows(rebuilt, "SELECT 1 FROM pg_namespace WHERE nspname = 'replay'") == []
        code, verified = await tolbrug(rebuilt, "verify")
        assert (code, verified["licences"], verified["entries"]) == (0, 2, ENTRIES)
        code, refused = await tolbrug(recorded, "replay", "--into", other)
        assert code == 1
        assert "name an empty one" in refused["error"]


async def test_a_bit_altered_in_the_table_is_named(recorded: RuntimeSettings) -> None:
    for at in ("length(value) - 1", "length(value) / 2", "40", "5", "1"):
        await change(recorded, FLIPPED.format(at=at), REF, 3)
        (difference,) = await differences(recorded)
        assert f"of the table: entry 3 of {REF} was altered" in difference, at
        assert await differences(recorded, table=False) == []
        await change(recorded, FLIPPED.format(at=at), REF, 3)
    assert await differences(recorded) == []


async def test_a_bit_altered_in_the_topic_is_named(recorded: RuntimeSettings) -> None:
    for bit in BITS:

        def altered(records: list[Record], bit: int = bit) -> list[Record]:
            return [flipped(r, bit) if n == of_ref(records, 3) else r for n, r in enumerate(records)]

        beside = await with_entries(recorded, altered)
        for table in (False, True):
            (difference,) = await differences(beside, table=table)
            assert f"{Entry.TOPIC}[" in difference
            assert f"entry 3 of {REF} was altered" in difference or "the record was altered" in difference, difference


async def test_a_repeat_on_the_topic_is_no_difference_unless_it_is_altered(recorded: RuntimeSettings) -> None:
    def repeated(records: list[Record]) -> list[Record]:
        return [*records[:4], *records[1:]] if of_ref(records, 3) >= 0 else records

    def altered(records: list[Record]) -> list[Record]:
        # What comes first is the record, what comes again is not.
        again = [n for n, r in enumerate(records) if n > 3 and r.value == records[2].value]
        return [flipped(r, -1) if n in again else r for n, r in enumerate(records)]

    beside = await with_entries(recorded, repeated)
    with fresh_database(recorded.database.url, None, keep=False) as target:
        results = await replayed(beside, target, table=True)
    assert [sum(r.repeats for r in results), *(r.difference for r in results)] == [3, None, None]
    (difference,) = await differences(await with_entries(beside, altered), table=False)
    assert f"entry 3 of {REF} is there once more, altered" in difference


async def test_entries_removed_or_moved_on_the_topic_are_named(recorded: RuntimeSettings) -> None:
    def swapped(records: list[Record], licence: str = REF, revision: int = 2) -> list[Record]:
        place = place_of(records, licence, revision)
        if place >= 0:
            records[place], records[place + 1] = records[place + 1], records[place]
        return records

    def removed(records: list[Record]) -> list[Record]:
        return [r for n, r in enumerate(records) if n != of_ref(records, 2)]

    for alter in (swapped, removed):
        (difference,) = await differences(await with_entries(recorded, alter), table=False)
        assert f"entry 3 of {REF} is recorded where the inputs give entry 2 of {REF}" in difference
    of_one_message = await with_entries(recorded, partial(swapped, licence=OTHER, revision=4))
    (difference,) = await differences(of_one_message, table=False)
    assert f"entry 5 of {OTHER} is recorded where the inputs give entry 4 of {OTHER}" in difference


async def test_what_is_removed_from_the_end_of_the_topic_is_named_beside_the_table(recorded: RuntimeSettings) -> None:
    cut = await with_entries(recorded, lambda records: records[:-1] if of_ref(records, 3) >= 0 else records)
    assert await differences(cut, table=False) == []
    (difference,) = await differences(cut)
    assert f"{Entry.TOPIC} ends before entry" in difference
    await change(recorded, "UPDATE reconciliation.fold SET published = 0 WHERE fold = 'ledger'")
    assert await differences(cut) == [], "it was not published yet"


async def test_ledgers_that_do_not_fit_in_memory_are_put_aside_and_taken_up_again(
    recorded: RuntimeSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay_target, "WRITTEN_AT_ONCE", 1)
    assert await differences(recorded, held=0) == []
    assert await differences(recorded, held=0, table=False) == []


async def test_an_entry_removed_from_the_table_is_named(recorded: RuntimeSettings) -> None:
    await change(recorded, REMOVED, REF, 4)
    (difference,) = await differences(recorded)
    assert f"is recorded, the topics give entry 4 of {REF}: one was removed, added or moved" in difference


async def test_an_entry_missing_at_the_end_of_the_table_is_named(recorded: RuntimeSettings) -> None:
    await change(recorded, REMOVED_FROM, REF, 5)
    (difference,) = await differences(recorded)
    assert f"the topics give entry 5 of {REF}, and no such thing is recorded" in difference


async def test_a_dead_letter_altered_in_the_table_is_named(recorded: RuntimeSettings) -> None:
    other = "UPDATE reconciliation.output SET headers = '[]' WHERE topic = %s AND seq = (SELECT max(seq) FROM"
    await change(
        recorded, f"{other} reconciliation.output WHERE topic = %s)", *[a_licence().TOPIC + DEAD_LETTER_SUFFIX] * 2
    )
    (difference,) = await differences(recorded)
    assert "dead-letter" in difference
    assert "another key, time or headers" in difference


async def test_a_partition_that_differs_is_not_for_the_services(recorded: RuntimeSettings) -> None:
    beside = await with_entries(recorded, lambda records: [r for n, r in enumerate(records) if n != of_ref(records, 2)])
    with fresh_database(recorded.database.url, None, keep=False) as target:
        results = await replayed(beside, target, table=False)
        halted = await rows(kept_in(recorded, target), "SELECT halted FROM reconciliation.fold ORDER BY partition")
    assert [row[0] for row in halted] == [result.difference for result in results]
    assert sum(row[0] is not None for row in halted) == 1


async def test_a_topic_that_was_made_anew_is_told(recorded: RuntimeSettings) -> None:
    empty = await with_topics(recorded, lambda _: [], a_licence().TOPIC)
    with pytest.raises(Corrupt, match="truncated or recreated"):
        await differences(empty)


async def test_other_rules_show_what_they_would_have_changed(recorded: RuntimeSettings, tmp_path: Path) -> None:
    file, listed = tmp_path / "rules.json", tmp_path / "changes.csv"
    file.write_text(json.dumps(TOLERANT))
    code, result = await tolbrug(recorded, "replay", "--rules", str(file), "--changes", str(listed))
    assert (code, result["changed"]) == (0, 1)
    (changed,) = result["changes"]
    with listed.open(newline="") as opened:
        assert [*csv.DictReader(opened)] == [{name: str(value) for name, value in changed.items()}]
    assert changed.pop("at")
    draw = {"licence": REF, "mrn": mrn(3), "item": 1, "line": 1}
    assert changed == draw | {"was": "refused (quantity.overrun, value.overrun)", "would_be": "covered"}
    assert result["rule_set"].startswith("rules-")
    past = await tolbrug(recorded, "replay", "--rules", str(file), "--to", "2026-01-01")
    assert (past[0], past[1]["changed"], past[1]["changes"]) == (0, 0, [])


async def test_a_replay_beside_running_services_follows_what_is_committed(recorded: RuntimeSettings) -> None:
    recorded = await with_topics(recorded, list)
    async with running(recorded, [ledger_alone]) as service:
        found, _ = await asyncio.gather(differences(recorded), send(recorded, a_demand(mrn=mrn(9))))
        assert found == []
        await until_read(service, MESSAGES + 1)
    assert await differences(recorded) == []
    assert await differences(recorded, table=False) == []
