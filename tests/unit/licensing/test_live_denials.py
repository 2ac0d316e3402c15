"""The index of live denials finds whatever a comparison with all of them finds."""

from dataclasses import replace
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from services.core.likeness import IDENTICAL_FROM, SIMILAR_FROM, closest_party
from services.core.messages import Denial, DenialStatus, DeniedParty
from services.core.name_index import IDENTICAL, SIMILAR
from services.licensing.domain.live_denials import LiveDenials
from tests.builders_denials import a_denial

WORDS = (
    *("Bharat", "Bharath", "Forge", "Deccan", "Dekkan", "Heavy", "Trading", "Group", "International", "Ltd", "OOO"),
    *("Уралтурбокомпонент", "Uralturbokomponent", "ООО", "Machinery", "B.V.", "Works"),
)
NAMES = st.lists(st.sampled_from(WORDS), min_size=1, max_size=5).map(" ".join)
REFS = st.sampled_from(["DN1", "DN2", "DN3"])


def party(name: str, **changes: Any) -> DeniedParty:
    return DeniedParty(role="end_user", name=name, **changes)


def denying(ref: str, *names: str) -> Denial:
    return replace(a_denial(), ref=ref, parties=tuple(party(name) for name in names))


def live(*denials: Denial) -> LiveDenials:
    listed = LiveDenials()
    for denial in denials:
        listed.put(denial)
    return listed


@example([["Trading Group International"]], ["Bharat Trading Group International"])
@example([["Bharat Trading Group International"]], ["Trading Group International"])
@given(st.lists(st.lists(NAMES, min_size=1, max_size=2), max_size=6), st.lists(NAMES, min_size=1, max_size=2))
def test_none_is_left_out_that_a_comparison_with_all_finds(denied: list[list[str]], asked: list[str]) -> None:
    denials = [denying(f"DN{place}", *names) for place, names in enumerate(denied)]
    parties = [party(name) for name in asked]
    scores = {one.ref: closest_party(parties, one.parties).score for one in denials}
    for enough, least in ((SIMILAR, SIMILAR_FROM), (IDENTICAL, IDENTICAL_FROM)):
        found = [one.ref for one in live(*denials).found(parties, enough)]
        assert {ref for ref, score in scores.items() if score >= least} <= set(found)
        assert found == sorted(set(found))


@given(st.lists(st.tuples(REFS, NAMES, st.booleans()), max_size=8), NAMES)
def test_a_later_revision_takes_the_place_of_the_one_before(steps: list[tuple[str, str, bool]], asked: str) -> None:
    revoked = {True: DenialStatus.REVOKED, False: DenialStatus.VALID}
    written = [replace(denying(ref, name), status=revoked[gone]) for ref, name, gone in steps]
    last = {denial.ref: denial for denial in written}
    all_at_once, at_the_end = live(*written), live(*last.values())
    assert all_at_once.found([party(asked)]) == at_the_end.found([party(asked)])
    assert len(all_at_once) == sum(one.status is DenialStatus.VALID for one in last.values())


def test_a_stranger_finds_nobody_and_a_name_is_found_however_it_is_spelt() -> None:
    listed = live(denying("DN1", "Bharat Forge Ltd"), denying("DN2", "ООО «Уралтурбокомпонент»"))
    assert listed.found([party("Cochin Ltd"), party("Maple Grocers")]) == []
    for name in ("BharatForge Limited", "Bharath Forge"):
        assert [one.ref for one in listed.found([party(name)])] == ["DN1"]
    assert [one.ref for one in listed.found([party("Uralturbokomponent OOO")])] == ["DN2"]
