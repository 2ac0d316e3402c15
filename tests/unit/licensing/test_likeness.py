"""Essentially identical: the same goods and the same party, and nothing makes up for the lack of one."""

from decimal import Decimal
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.legal_forms import GENERIC
from services.core.likeness import BANDS, Band, band_of, likeness_of_names
from services.core.messages import DeniedParty, RefusedGoods
from services.core.values import CommodityCode, CountryCode
from services.licensing.domain.likeness import Likeness, in_order, likeness
from tests.builders_denials import a_denial

PRESS = RefusedGoods(
    description="isostatic press, chamber 180 mm", control_code="2B204.a", commodity_codes=(CommodityCode("84798300"),)
)
FORGE = DeniedParty(role="consignee", name="BHARAT FORGE LIMITED", country=CountryCode("IN"))


def like(
    control: str | None = "2B204.a",
    description: str = PRESS.description,
    commodity: str | None = "84798300",
    name: str = FORGE.name,
    country: str | None = "IN",
) -> Likeness:
    codes = () if commodity is None else (CommodityCode(commodity),)
    goods = RefusedGoods(description=description, control_code=control, commodity_codes=codes)
    where = None if country is None else CountryCode(country)
    return likeness([goods], [DeniedParty(role="end_user", name=name, country=where)], a_denial())


def test_the_same_press_for_the_same_party_is_essentially_identical() -> None:
    found = like()
    assert (found.score, found.band) == (Decimal(1), Band.IDENTICAL)
    assert {one.what for one in (*found.goods, *found.party)} == {
        *("description", "control code", "commodity code", "name", "country")
    }


@pytest.mark.parametrize(
    ("control", "score"),
    [("2B204", "0.94"), ("2B204.a.1", "0.94"), ("2b204.A", "1.00"), ("2B204.b", "0.76"), ("2B004.a", "0.40")],
)
def test_sub_items_are_nearer_than_other_entries(control: str, score: str) -> None:
    assert like(control).score == Decimal(score)


@pytest.mark.parametrize(
    ("commodity", "score"), [("847983", "1.00"), ("8479", "1.00"), ("84798200", "0.90"), ("85141100", "0.80")]
)
def test_commodity_codes_are_compared_by_what_they_share(commodity: str, score: str) -> None:
    assert like(commodity=commodity).score == Decimal(score)


def test_what_one_side_does_not_state_says_nothing() -> None:
    assert like(control=None, commodity=None).score == Decimal(1)
    assert like(country=None).score == Decimal(1)


def test_another_party_is_made_up_for_by_nothing() -> None:
    other = like(name="Cochin Shipyard")
    assert (other.score, other.band) == (Decimal(0), Band.DIFFERENT)
    assert "the parties differ" in other.explanation


def test_the_same_party_with_other_goods_is_different() -> None:
    other = like("6A003.b", "thermal imaging camera", "85258900")
    assert (other.band, "the goods differ" in other.explanation) == (Band.DIFFERENT, True)


def test_a_legal_form_in_common_makes_no_party_alike() -> None:
    assert like(name="Cochin Ltd").score == Decimal(0)


def test_the_name_in_another_country_and_a_name_of_shared_words_are_less() -> None:
    assert like(country="AE").score == Decimal("0.80")
    assert like(name="Bharat Heavy Forge").score < Decimal("0.80")


@pytest.mark.parametrize(
    ("score", "band"),
    [
        *(("0", Band.DIFFERENT), ("0.49", Band.DIFFERENT), ("0.50", Band.SIMILAR)),
        *(("0.79", Band.SIMILAR), ("0.80", Band.IDENTICAL), ("1", Band.IDENTICAL)),
    ],
)
def test_bands_include_their_lower_bound_and_not_their_upper(score: str, band: Band) -> None:
    assert band_of(Decimal(score)) is band


@given(st.decimals(0, 1, places=2))
def test_every_score_has_a_band_and_bands_ascend(score: Decimal) -> None:
    order = [band for _, band in BANDS]
    assert order.index(band_of(score)) >= order.index(band_of(score / 2))


def test_the_closest_of_many_items_and_parties_counts_and_order_is_by_score() -> None:
    camera = RefusedGoods(description="thermal imaging camera", control_code="6A003.b")
    yard = DeniedParty(role="end_user", name="Cochin Shipyard")
    found = likeness([camera, PRESS], [yard, FORGE], a_denial())
    assert found.band is Band.IDENTICAL
    less, none = like("2B204.b"), like(name="Cochin Shipyard")
    assert in_order([none, less, found]) == [found, less]


_GENERIC_WORDS = st.lists(st.sampled_from(sorted(GENERIC)), min_size=3, max_size=6, unique=True)
_WORDS = st.lists(st.text("aeiklmnrst", min_size=2, max_size=6), max_size=2)


@given(_GENERIC_WORDS, _WORDS, st.randoms())
def test_names_of_generic_words_that_are_only_spelt_alike_are_no_more_than_the_same(
    mine: list[str], theirs: list[str], at: Random
) -> None:
    misspelt = [word + at.choice("aeiou") for word in mine]
    for one, other in ((mine, theirs), (mine, misspelt), (misspelt + theirs, mine)):
        score = likeness_of_names(" ".join(one), " ".join(other))
        assert 0 <= score <= 1
        assert score == likeness_of_names(" ".join(other), " ".join(one))


def test_two_generic_words_are_not_the_same_name_for_being_spelt_alike() -> None:
    assert likeness_of_names("general trading", "generale tradinge unlike") < Decimal("0.90")


@given(st.text(max_size=40), st.text(max_size=40), st.sampled_from(["2B204", "2B204.a", "1C202", None]))
def test_scores_stay_between_nothing_and_one(description: str, name: str, control: str | None) -> None:
    assert 0 <= like(control, description, name=name).score <= 1
