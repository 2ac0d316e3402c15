"""A mapping whose older versions stay as they were."""

from hypothesis import given
from hypothesis import strategies as st

from services.reconciliation.domain.versioned import Versioned

STEPS = st.lists(st.tuples(st.integers(0, 4), st.one_of(st.none(), st.integers(0, 9))), max_size=12)


@given(steps=STEPS, reading=st.lists(st.integers(0, 12), max_size=6))
def test_every_version_reads_as_it_was(steps: list[tuple[int, int | None]], reading: list[int]) -> None:
    versions: list[Versioned[int, int]] = [Versioned()]
    expected: list[dict[int, int]] = [{}]
    for key, value in steps:
        plain = dict(expected[-1])
        if value is None:
            plain.pop(key, None)
            versions.append(versions[-1].without(key))
        else:
            plain[key] = value
            versions.append(versions[-1].with_item(key, value))
        expected.append(plain)
    for place in [*(r for r in reading if r < len(versions)), *range(len(versions))]:
        assert dict(versions[place].items()) == expected[place]


def test_two_futures_of_one_version_do_not_meet() -> None:
    before = Versioned({"a": 1})
    one, other = before.with_item("b", 2), before.with_item("a", 3)
    assert (dict(before), dict(one), dict(other)) == ({"a": 1}, {"a": 1, "b": 2}, {"a": 3})


def test_it_copies_what_it_is_made_of() -> None:
    items = {"a": 1}
    version = Versioned(items)
    items["a"] = 2
    assert version["a"] == 1


def test_items_come_in_order_of_first_insertion() -> None:
    version: Versioned[str, int] = Versioned()
    for key in "cab":
        version = version.with_item(key, 1)
    assert list(version.with_item("c", 2)) == ["c", "a", "b"]
