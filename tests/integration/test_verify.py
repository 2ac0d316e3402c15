"""`tolbrug verify`: the first entry that was altered, removed or moved, in the table or on the topic."""

from dataclasses import dataclass

from services.reconciliation.adapters import verification
from services.reconciliation.adapters.verification_topic import compare
from services.runtime.codec import Codec
from services.runtime.database import Database
from services.runtime.settings import RuntimeSettings
from tests.builders import REF
from tests.integration.command import tolbrug
from tests.integration.recorded_ledger import ENTRIES, FLIPPED, REMOVED, REMOVED_FROM, change, connection
from tests.integration.recorded_topic import Record, flipped, of_ref, with_entries

SWAPPED = (
    "UPDATE reconciliation.output AS o SET value = e.value FROM reconciliation.output AS e WHERE o.entry_of = %s"
    " AND e.entry_of = o.entry_of AND (o.entry_revision, e.entry_revision) IN ((2, 3), (3, 2))"
)
MOVED = "UPDATE reconciliation.output SET seq = %s WHERE entry_of = %s AND entry_revision = %s"
ASIDE = 900_000


@dataclass
class Found:
    """What verification names, table and topic apart."""

    table: list[str]
    topic: list[str]
    gaps: list[str]
    repeats: int


async def found(settings: RuntimeSettings) -> Found:
    database = Database(settings.database.url, size=2)
    await database.open()
    try:
        compared = await compare(database, settings.kafka, Codec())
        result = await verification.verify(database)
    finally:
        await database.close()
    return Found([str(d) for d in result.differences], compared.differences, result.gaps, compared.repeats)


async def place_of(settings: RuntimeSettings, revision: int) -> int:
    """The number of an entry of `REF` among the outputs of its partition."""
    async with connection(settings) as connected:
        query = "SELECT seq FROM reconciliation.output WHERE entry_of = %s AND entry_revision = %s"
        row = await (await connected.execute(query, (REF, revision))).fetchone()
    assert row is not None
    return int(row[0])


async def test_what_is_sound_has_no_difference(recorded: RuntimeSettings) -> None:
    code, result = await tolbrug(recorded, "verify")
    assert (code, result["differences"]) == (0, [])
    assert (result["entries"], result["topic"]) == (ENTRIES, {"records": ENTRIES, "repeats": 0})
    assert (await tolbrug(recorded, "verify", "--no-topic"))[1]["topic"] is None


async def test_a_bit_altered_in_the_table_is_named(recorded: RuntimeSettings) -> None:
    for at in ("length(value) - 1", "length(value) / 2", "40", "5", "1"):
        await change(recorded, FLIPPED.format(at=at), REF, 3)
        named = await found(recorded)
        assert named.table[0].startswith(f"{REF} revision 3"), at
        assert "entry 3 of" in named.topic[0], at
        assert "table" not in named.topic[0].partition("its hash holds in ")[2], at
        await change(recorded, FLIPPED.format(at=at), REF, 3)
    assert await found(recorded) == Found([], [], [], 0)


async def test_an_entry_removed_from_the_table_is_named(recorded: RuntimeSettings) -> None:
    await change(recorded, REMOVED, REF, 3)
    named = await found(recorded)
    assert named.table[0] == f"{REF} revision 4: revision 3 is missing"
    assert f"the topic has entry 3 of {REF}, which the table does not have" in named.topic[0]
    assert len(named.gaps) == 1


async def test_entries_removed_from_the_end_of_the_table_are_named(recorded: RuntimeSettings) -> None:
    await change(recorded, REMOVED_FROM, REF, 5)
    named = await found(recorded)
    assert f"the topic has entry 5 of {REF}, which the table does not have" in named.topic[0]
    assert len(named.gaps) == 1
    code, told = await tolbrug(recorded, "verify")
    assert (code, set(named.topic + named.gaps) <= set(told["differences"])) == (1, True)


async def test_entries_swapped_in_the_table_are_named(recorded: RuntimeSettings) -> None:
    await change(recorded, SWAPPED, REF)
    named = await found(recorded)
    assert named.table == [f"{REF} revision 2: in its place is stored reconciliation.v1.Entry 3 of {REF}"]
    assert f"entry 2 of {REF}" in named.topic[0]


async def test_entries_that_changed_places_in_the_table_are_named(recorded: RuntimeSettings) -> None:
    whole = (await tolbrug(recorded, "verify"))[1]["digest"]
    second, third = await place_of(recorded, 2), await place_of(recorded, 3)
    for place, revision in ((ASIDE, 2), (second, 3), (third, 2)):
        await change(recorded, MOVED, place, REF, revision)
    named = await found(recorded)
    (difference,) = named.table
    assert difference.startswith(f"{REF} revision 3: it was moved to output {second} of partition ")
    assert f"entry 3 of {REF} is due, the topic has entry 2 of {REF}" in named.topic[0]
    assert (await tolbrug(recorded, "verify"))[1]["digest"] != whole


async def test_the_chain_of_each_partition_is_that_of_a_replay(recorded: RuntimeSettings) -> None:
    verified, replayed = (await tolbrug(recorded, "verify"))[1], (await tolbrug(recorded, "replay"))[1]
    assert verified["digest"] == replayed["digest"]
    assert verified["partitions"] == [
        {name: rebuilt[name] for name in ("partition", "entries", "digest")} for rebuilt in replayed["partitions"]
    ]
    assert sum(chain["entries"] for chain in verified["partitions"]) == ENTRIES


async def test_a_bit_altered_in_the_topic_is_named(recorded: RuntimeSettings) -> None:
    def altered(records: list[Record]) -> list[Record]:
        place = of_ref(records, 3)
        return [flipped(r, -1) if n == place else r for n, r in enumerate(records)]

    named = await found(await with_entries(recorded, altered))
    assert named.table == []
    assert f"entry 3 of {REF} was altered: hash is" in named.topic[0]
    assert named.topic[0].endswith("its hash holds in table)")


async def test_an_entry_removed_from_the_topic_is_named(recorded: RuntimeSettings) -> None:
    without = await with_entries(
        recorded, lambda records: [r for n, r in enumerate(records) if n != of_ref(records, 3)]
    )
    (difference,) = (await found(without)).topic
    assert f"entry 3 of {REF} is due, the topic has entry 4 of {REF}, which comes later" in difference


async def test_the_last_entry_removed_from_the_topic_is_named(recorded: RuntimeSettings) -> None:
    cut = await with_entries(recorded, lambda records: records[:-1] if of_ref(records, 3) >= 0 else records)
    (difference,) = (await found(cut)).topic
    assert "ends before entry" in difference


async def test_entries_swapped_in_the_topic_are_named(recorded: RuntimeSettings) -> None:
    def swapped(records: list[Record]) -> list[Record]:
        place = of_ref(records, 2)
        if place >= 0:
            records[place], records[place + 1] = records[place + 1], records[place]
        return records

    (difference,) = (await found(await with_entries(recorded, swapped))).topic
    assert f"entry 2 of {REF} is due, the topic has entry 3 of {REF}, which comes later" in difference


async def test_what_a_dying_process_published_twice_is_no_difference(recorded: RuntimeSettings) -> None:
    def repeated(records: list[Record]) -> list[Record]:
        return [*records[:3], *records[1:]] if of_ref(records, 3) >= 0 else records

    assert await found(await with_entries(recorded, repeated)) == Found([], [], [], 2)
