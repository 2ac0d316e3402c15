"""`tolbrug replay` after the database is lost: services go on with the one that is rebuilt from the topics."""

from collections import Counter, defaultdict
from itertools import takewhile
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql

from services.cli.replay_place import fresh_database, prepared
from services.core.messages import CarryOver, Cover, Demand, Entry, Finding
from services.runtime.settings import RuntimeSettings
from tests.builders import a_demand, mrn
from tests.integration.command import tolbrug
from tests.integration.in_process import running
from tests.integration.installation import Installation
from tests.integration.kafka_log import KafkaLog
from tests.integration.recorded_ledger import ENTRIES, ledger_alone, send, until_all_read
from tests.integration.recorded_topic import PUBLISHED, Record, of_ref, with_entries, with_topics
from tests.integration.replaying import differences, replayed


@pytest.fixture
async def lost(recorded: RuntimeSettings) -> RuntimeSettings:
    """An installation whose ledger has recorded something, with an empty database in the place of its own."""
    await lose_the_database(recorded)
    return await with_topics(recorded, list)


async def lose_the_database(settings: RuntimeSettings) -> None:
    """An empty one is in its place."""
    url = urlsplit(settings.database.url)
    name = sql.Identifier(url.path[1:])
    server = url._replace(path="/postgres").geturl()
    async with await psycopg.AsyncConnection.connect(server, autocommit=True) as connection:
        await connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))
        await connection.execute(sql.SQL("CREATE DATABASE {}").format(name))


async def told(settings: RuntimeSettings) -> dict[tuple[str, bytes], set[bytes]]:
    """What the ledger has published: the values under each identity, of which there must be one."""
    found: dict[tuple[str, bytes], set[bytes]] = defaultdict(set)
    for topic in PUBLISHED:
        for published in await KafkaLog(Installation.of(settings), topic).read():
            headers = dict(published.headers)
            identity = headers.get("ce_id") or headers["dlq.offset"]
            found[topic, identity].add(published.value or b"")
    return found


async def go_on(settings: RuntimeSettings) -> None:
    """Start the services, and let them take one more message."""
    async with running(settings, [ledger_alone]) as service:
        await send(settings, a_demand(mrn=mrn(9)))
        await until_all_read(service, settings)


async def test_services_go_on_where_the_entries_end(lost: RuntimeSettings) -> None:
    before = await told(lost)
    code, result = await tolbrug(lost, "replay", "--into", lost.database.url)
    assert (code, result["entries"], result["table"]) == (0, ENTRIES, False), result
    await go_on(lost)
    after = await told(lost)
    assert {name: values for name, values in after.items() if name in before} == before
    new = Counter(topic for topic, _ in after.keys() - before.keys())
    assert new == {Entry.TOPIC: 1, Cover.TOPIC: 1, Finding.TOPIC: 2}
    code, verified = await tolbrug(lost, "verify")
    assert (code, verified["entries"]) == (0, ENTRIES + 1), verified
    assert await differences(lost) == []


@pytest.mark.parametrize("unpublished", [1, 2])
async def test_of_a_message_whose_entries_are_not_all_published_the_rest_is(
    lost: RuntimeSettings, unpublished: int
) -> None:
    before = await told(lost)
    cut = await with_entries(lost, lambda records: records[:-unpublished] if of_ref(records, 1) >= 0 else records)
    assert {result.difference for result in await replayed(cut, cut.database.url, table=False)} == {None}
    await go_on(cut)
    after = await told(cut)
    assert {name: values for name, values in after.items() if name in before} == before
    assert (await tolbrug(cut, "verify"))[0] == 0
    assert await differences(cut) == []


async def test_what_was_decided_and_told_to_nobody_is_decided_by_the_services(lost: RuntimeSettings) -> None:
    entries = await KafkaLog(Installation.of(lost), Entry.TOPIC).read()
    since = entries[of_ref(entries, 3)].timestamp

    def before(records: list[Record]) -> list[Record]:
        """In the order of the topic: what follows from a reminder has the time it was due."""
        return [*takewhile(lambda r: r.timestamp < since, records)]

    # What is carried over is told after its entry: without that it was told to nobody either.
    untold = await with_topics(lost, before, *PUBLISHED, CarryOver.TOPIC)
    assert sum(r.entries for r in await replayed(untold, untold.database.url, table=False)) == 2
    await go_on(untold)
    after = await told(untold)
    assert {len(values) for values in after.values()} == {1}
    assert (await tolbrug(untold, "verify"))[0] == 0
    assert await differences(untold) == []
    assert await differences(untold, table=False) == []


async def test_a_replay_that_was_broken_off_is_not_for_the_services(recorded: RuntimeSettings) -> None:
    with fresh_database(recorded.database.url, None, keep=False) as target:
        await prepared(target, recorded.kafka.partitions)
        with psycopg.connect(target) as connection:
            halted = connection.execute("SELECT halted FROM reconciliation.fold").fetchall()
    assert halted == [("a replay writes it",)] * recorded.kafka.partitions


async def test_the_topics_are_enough(lost: RuntimeSettings) -> None:
    """Neither the installation's database nor its name is needed; that there are no topics is said."""
    nowhere = lost.database.model_copy(update={"url": ""})
    without = lost.model_copy(update={"database": nowhere})
    code, result = await tolbrug(without, "replay", "--into", lost.database.url)
    assert (code, result.get("entries")) == (0, ENTRIES), result
    elsewhere = lost.kafka.model_copy(update={"topic_prefix": "elsewhere."})
    code, refused = await tolbrug(lost.model_copy(update={"kafka": elsewhere}), "replay", "--no-table")
    assert code == 1
    assert f"{Demand.TOPIC} is not there" in refused["error"]
