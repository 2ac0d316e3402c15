"""The lists of refusals and denials: one in each partition, all the same, and what is known of each is its latest."""

from dataclasses import replace
from typing import Any

import pytest

from services.core.errors import Corrupt, Rejected
from services.core.messages import DenialStatus, Watched, WatchedKind, WatchList
from services.core.values import Mrn
from services.reconciliation.domain.codes import DEFAULT_CODES
from services.reconciliation.domain.screening import resemblances
from services.reconciliation.domain.watch_list import empty_list, from_record, to_record
from services.reconciliation.handlers.screening import (
    ALONE,
    screen,
    watch_for_copy,
    watch_for_denial,
    watch_for_refusal,
)
from services.reconciliation.topology import screening, shares
from services.runtime.codec import Codec
from services.runtime.kafka.batches import partition_of
from services.runtime.store import SnapshotStore
from tests.builders_denials import a_denial
from tests.builders_screening import NOW, a_refusal, a_screening, listing


def copies_of(*shares: str) -> list[Watched]:
    """What the partition of the refusal gives to the others."""
    outputs = watch_for_refusal(listing(), a_refusal(), NOW, shares=(ALONE[0], *shares)).outputs
    return [copy for copy in outputs if isinstance(copy, Watched)]


def test_a_copy_is_for_each_other_partition_and_makes_its_list_the_same() -> None:
    first, second = copies_of("share-1", "share-2")
    other = watch_for_copy(empty_list("share-2"), second, NOW).state
    assert [first.key, second.key] == ["share-1", "share-2"]
    assert [one.ref for one in resemblances(other, a_screening(), DEFAULT_CODES)] == ["REF/2017/10"]


def test_a_revision_with_other_content_halts() -> None:
    with pytest.raises(Corrupt, match="other content"):
        watch_for_denial(listing(a_denial()), a_denial(end_use="other"), NOW)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"share": "share-7"}, "share-7"),
        ({"refusal": None}, "no refusal"),
        ({"kind": WatchedKind.DENIAL}, "no denial"),
    ],
)
def test_what_is_no_copy_for_this_partition_is_set_aside(changes: dict[str, Any], reason: str) -> None:
    [copy] = copies_of("share-1")
    with pytest.raises(Rejected, match=reason):
        watch_for_copy(empty_list("share-1"), replace(copy, **changes), NOW)


def test_a_repeat_changes_nothing_and_is_not_told_again() -> None:
    state = listing(a_refusal())
    again = watch_for_refusal(state, a_refusal(), NOW, shares=("share-0", "share-1"))
    assert (again.state, again.outputs) == (state, ())
    [copy] = copies_of("share-1")
    other = watch_for_copy(empty_list("share-1"), copy, NOW).state
    assert watch_for_copy(other, copy, NOW).state is other
    assert screen(state, a_screening(), NOW).state is state


def test_a_list_is_stored_and_loaded_whole() -> None:
    state = listing(a_refusal(), a_denial(), replace(a_denial(), revision=2, status=DenialStatus.REVOKED))
    loaded = from_record(to_record(state))
    assert dict(loaded.entries) == dict(state.entries)
    assert dict(loaded.index) == dict(state.index)


@pytest.mark.parametrize("partitions", [1, 2, 4, 12, 48])
def test_each_partition_has_a_share_whose_key_stands_in_it(partitions: int) -> None:
    names = shares(partitions)
    assert [partition_of(name.encode(), partitions) for name in names] == list(range(partitions))
    assert names[0] == ALONE[0] or partitions > 1
    store = SnapshotStore("reconciliation", "screening", Codec(), WatchList, to_record, from_record)
    fold = screening(store).for_partitions(partitions)
    keys = [f"26BE343000{number:06d}A1" for number in range(50)]
    told = [fold.aggregate(replace(a_screening(), mrn=Mrn(key))) for key in keys]
    assert told == [names[partition_of(key.encode(), partitions)] for key in keys]
