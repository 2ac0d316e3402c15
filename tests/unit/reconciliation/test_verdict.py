"""The answer to customs, from what the licences answer."""

from dataclasses import replace

import pytest

from services.core.errors import Corrupt
from services.core.messages import DeclarationInvalidated, ItemVerdict, Phase, ReleaseRefused, Verdict, VerdictKind
from services.core.values import LicenceRef
from tests.builders_customs import (
    a_declaration,
    a_document,
    a_refusal,
    a_release,
    an_exit,
    an_invalidation,
    an_item,
    hours,
)
from tests.builders_shipments import RULES, Way, a_cover

COVERED, REFUSED = VerdictKind.COVERED, VerdictKind.REFUSED
PENDING, NOT_CONTROLLED = VerdictKind.PENDING, VerdictKind.NOT_CONTROLLED
TWO_LICENCES = a_declaration(an_item(a_document("L1")), an_item(a_document("L2", line=None), item=2))


def an_answer(item: int, licence: str | None, verdict: VerdictKind, *reasons: str, line: int | None = 1) -> ItemVerdict:
    ref = None if licence is None else LicenceRef(licence)
    return ItemVerdict(item=item, licence=ref, line=line, verdict=verdict, reasons=reasons)


def test_a_declaration_that_cites_no_licence_is_not_controlled_at_once() -> None:
    verdict = Way().told(a_declaration(an_item(a_document("none", document_type="Y901")))).verdict()
    assert (verdict.verdict, verdict.rule_set, verdict.applied) == (NOT_CONTROLLED, RULES, ("accepted-1",))
    assert verdict.items == (an_answer(1, None, NOT_CONTROLLED, line=None),)


def test_a_verdict_is_pending_until_each_licence_answered() -> None:
    way = Way().told(TWO_LICENCES)
    assert way.verdict().verdict is PENDING
    first, second = way.latest_demands()
    way = way.covered_by(a_cover(second))
    assert way.verdict().verdict is PENDING
    assert way.verdict().items == (an_answer(1, "L1", PENDING), an_answer(2, "L2", COVERED, line=None))
    way = way.covered_by(a_cover(first))
    assert way.verdict().verdict is COVERED
    assert [v.revision for v in way.all(Verdict)] == [1, 2, 3]


def test_one_refused_item_refuses_the_declaration_though_another_licence_has_not_answered() -> None:
    way = Way().told(TWO_LICENCES)
    way = way.covered_by(a_cover(way.latest_demands()[0], ("value.overrun", "quantity.overrun", "value.overrun")))
    assert way.verdict().verdict is REFUSED
    assert way.verdict().items[0] == an_answer(1, "L1", REFUSED, "quantity.overrun", "value.overrun")
    assert way.verdict().applied == ()


@pytest.mark.parametrize(
    ("refused", "expected"), [({}, COVERED), ({"L1": ("licence.unknown",)}, REFUSED), ({"L2": ("x",)}, REFUSED)]
)
def test_mixed_items_take_the_worst(refused: dict[str, tuple[str, ...]], expected: VerdictKind) -> None:
    items = (*TWO_LICENCES.items, an_item(item=3))
    way = Way().told(a_declaration(*items)).answered(refused)
    assert way.verdict().verdict is expected
    assert way.verdict().items[2] == an_answer(3, None, NOT_CONTROLLED, line=None)


def test_an_item_with_documents_on_two_licences_gets_an_answer_for_each() -> None:
    way = Way().told(a_declaration(an_item(a_document("L2"), a_document("L1")))).answered()
    assert way.verdict().items == (an_answer(1, "L1", COVERED), an_answer(1, "L2", COVERED))


def test_a_refused_declaration_becomes_covered_when_the_licence_changes_its_answer() -> None:
    way = Way().told(a_declaration()).answered({"VL/2026/000123": ("licence.unknown",)})
    way = way.covered_by(a_cover(way.latest_demand(), revision=2))
    assert [v.verdict for v in way.all(Verdict)] == [PENDING, REFUSED, COVERED]


def test_a_licence_that_must_free_its_draws_keeps_the_answer_pending() -> None:
    way = Way().told(a_declaration(an_item(a_document("L1")))).answered()
    way = way.told(a_declaration(an_item(a_document("L2")), version=2, amended_at=hours(1)))
    dropped, cited = way.latest_demands()
    way = way.covered_by(a_cover(cited))
    assert (way.verdict().verdict, way.verdict().items) == (PENDING, (an_answer(1, "L2", COVERED),))
    way = way.covered_by(a_cover(dropped))
    assert (way.verdict().verdict, way.verdict().version) == (COVERED, 2)


def test_an_answer_to_an_older_demand_decides_nothing() -> None:
    accepted = Way().told(a_declaration())
    way = accepted.told(a_release()).covered_by(a_cover(accepted.latest_demand()))
    assert way.verdict().verdict is PENDING
    assert way.shipment.licences[0].cover == a_cover(accepted.latest_demand())
    assert way.answered().verdict().verdict is COVERED


def test_applied_are_all_messages_once_their_effect_is_decided_and_stay_so_while_pending() -> None:
    way = Way().told(a_release(), a_declaration())
    assert way.verdict().applied == ()
    way = way.answered()
    assert way.verdict().applied == ("accepted-1", "released")
    way = way.told(an_exit())
    assert (way.verdict().verdict, way.verdict().applied) == (PENDING, ("accepted-1", "released"))
    assert way.answered().verdict().applied == ("accepted-1", "exited", "released")


def test_a_message_that_changes_nothing_is_applied_too() -> None:
    before = Way().told(a_declaration()).answered()
    after = before.told(a_declaration(fact_id="stated again"))
    assert after.verdict() == replace(before.verdict(), revision=3, applied=("accepted-1", "stated again"))


def test_a_verdict_follows_every_change_of_phase() -> None:
    way = Way().told(a_declaration()).answered().told(a_release()).answered().told(an_exit()).answered()
    phases = [(v.phase, v.verdict) for v in way.all(Verdict)]
    assert phases == [(p, v) for p in (Phase.ACCEPTED, Phase.RELEASED, Phase.EXITED) for v in (PENDING, COVERED)]


@pytest.mark.parametrize("end", [an_invalidation(), a_refusal()])
@pytest.mark.parametrize("reasons", [(), ("quantity.overrun",)])
def test_what_was_judged_stands_after_the_licence_freed_it(
    end: DeclarationInvalidated | ReleaseRefused, reasons: tuple[str, ...]
) -> None:
    way = Way().told(a_declaration()).answered({"VL/2026/000123": reasons})
    judged = way.verdict()
    way = way.told(end).answered()
    assert (way.verdict().verdict, way.verdict().items) == (judged.verdict, judged.items)
    assert end.fact_id in way.verdict().applied


def test_what_was_judged_stands_though_the_last_demand_before_was_never_answered() -> None:
    way = Way().told(a_declaration()).answered().told(a_release()).told(an_invalidation()).answered()
    assert way.verdict().verdict is COVERED


def test_a_draw_that_was_freed_before_any_judgement_is_refused() -> None:
    way = Way().told(an_invalidation(), a_declaration()).answered()
    (item,) = way.verdict().items
    assert (item.verdict, item.reasons) == (REFUSED, ("shipment.withdrawn",))


def test_the_rule_set_is_that_of_the_answers() -> None:
    assert Way().told(a_declaration()).verdict().rule_set == RULES
    assert Way().told(a_declaration()).answered().verdict().rule_set == "rules-of-the-ledger"


def test_a_repeated_or_overtaken_cover_changes_nothing() -> None:
    way = Way().told(a_declaration())
    old, new = a_cover(way.latest_demand(), ("licence.unknown",)), a_cover(way.latest_demand(), revision=2)
    way = way.covered_by(new)
    assert way.covered_by(new, old) == way


def test_a_cover_that_comes_back_with_other_content_halts() -> None:
    way = Way().told(a_declaration()).answered()
    with pytest.raises(Corrupt, match="different content"):
        way.covered_by(a_cover(way.latest_demand(), ("licence.unknown",)))


def test_a_cover_for_a_demand_never_made_halts() -> None:
    way = Way().told(a_declaration())
    demand = way.latest_demand()
    with pytest.raises(Corrupt, match="never made"):
        way.covered_by(a_cover(replace(demand, revision=2)))
    with pytest.raises(Corrupt, match="never made"):
        way.covered_by(a_cover(replace(demand, licence=LicenceRef("L9"))))


def test_a_cover_that_leaves_a_draw_unanswered_halts() -> None:
    way = Way().told(a_declaration())
    with pytest.raises(Corrupt, match="unanswered"):
        way.covered_by(replace(a_cover(way.latest_demand()), draws=()))
