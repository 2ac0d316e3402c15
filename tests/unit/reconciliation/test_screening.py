"""What resembles a refusal or a denial, and what does not: docs/screening.md, row by row."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.likeness import SIMILAR_FROM, likeness_of_names
from services.core.messages import DenialStatus, EndUser, Party, RefusedGoods, Severity, WatchedKind
from services.core.values import CommodityCode, CountryCode, Eori
from tests.builders_denials import a_denial
from tests.builders_screening import END_USER, INDIA, REFUSED_APPLICANT, a_refusal, a_screening, found

OTHER = Party(name="Scheldepers NV", eori=Eori("BE0322222222"), country=CountryCode("BE"))
CHOCOLATE = ("18063290", "Chocolate bars")
WAYS: dict[str, tuple[dict[str, Any], Severity | None]] = {
    "same end user, no licence": ({"exporter": OTHER}, Severity.CRITICAL),
    "same end user, under some licence": ({"exporter": OTHER, "licence": "VL/2026/000001"}, Severity.WARNING),
    "same end user and description, under some licence": (
        {
            "exporter": OTHER,
            "licence": "VL/2026/000001",
            "goods": ("84798300", "Isostatic presses, inner diameter > 152 mm"),
        },
        Severity.CRITICAL,
    ),
    "end user spelt otherwise, through a third country, under some licence": (
        {"exporter": OTHER, "country": "AE", "consignee": "Vindhia Aviaton Space Defence", "licence": "VL/2026/000001"},
        Severity.WARNING,
    ),
    "same end user through a third country": ({"exporter": OTHER, "country": "AE"}, Severity.CRITICAL),
    "goods to the end user's country by way of another": ({"exporter": OTHER, "destination": "AE"}, Severity.CRITICAL),
    "same exporter, other consignee, same destination": ({"consignee": "Cochin Forge"}, Severity.WARNING),
    "the same under a licence": ({"consignee": "Cochin Forge", "licence": "VL/2026/000001"}, Severity.WARNING),
    "same exporter, other consignee and destination": (
        {"consignee": "Casa y Mesa SA", "country": "CL"},
        Severity.WARNING,
    ),
    "the same other way under a licence": (
        {"consignee": "Casa y Mesa SA", "country": "CL", "licence": "VL/2026/000001"},
        None,
    ),
    "other exporter, consignee and destination": (
        {"exporter": OTHER, "consignee": "Casa y Mesa SA", "country": "CL"},
        None,
    ),
    "other exporter and consignee, same destination": ({"exporter": OTHER, "consignee": "Cochin Forge"}, None),
    "same parties, other goods": ({"goods": CHOCOLATE}, None),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_shipment_resembles_a_refusal_by_recipient_or_exporter(way: str) -> None:
    changes, severity = WAYS[way]
    resembling = found(a_screening(**changes), a_refusal())
    assert [(one.code, one.severity) for one in resembling] == ([("refusal.shadow", severity)] if severity else [])


HISTORIC: dict[str, tuple[dict[str, Any], Severity | None]] = {
    "same goods and destination without a licence": ({}, Severity.INFO),
    "under a licence": ({"licence": "VL/2026/000001"}, None),
    "another destination": ({"country": "CL"}, None),
    "another subheading": ({"goods": ("84798997", "Isostatic press")}, None),
    "the subheading, and nothing like it in words": ({"goods": ("84798300", "Tools")}, Severity.INFO),
}


@pytest.mark.parametrize("case", HISTORIC)
def test_a_refusal_that_names_nobody_counts_for_goods_to_its_destination_without_a_licence(case: str) -> None:
    changes, severity = HISTORIC[case]
    nobody = a_refusal(applicant=Party(), end_users=())
    resembling = found(a_screening("Cochin Forge", **({"country": "IN"} | changes), exporter=OTHER), nobody)
    assert [one.severity for one in resembling] == ([severity] if severity else [])


DENIED: dict[str, tuple[dict[str, Any], Severity | None]] = {
    "the same": ({}, Severity.CRITICAL),
    "under a licence, all but word for word": (
        {"licence": "VL/2026/000001", "goods": ("84798300", "isostatic press (chamber 180 mm)")},
        Severity.CRITICAL,
    ),
    "under a licence, the goods only similar": (
        {"licence": "VL/2026/000001", "goods": ("84798300", "press")},
        Severity.WARNING,
    ),
    "in another country": ({"country": "AE"}, Severity.CRITICAL),
    "another party": ({"consignee": "Cochin Forge"}, None),
    "other goods": ({"goods": CHOCOLATE}, None),
    "a party that shares a word": ({"consignee": "Bharat Heavy Castings"}, None),
}


@pytest.mark.parametrize("case", DENIED)
def test_a_denial_counts_for_its_goods_and_its_parties_together(case: str) -> None:
    changes, severity = DENIED[case]
    resembling = found(a_screening(**({"consignee": "BHARAT FORGE LIMITED"} | changes)), a_denial())
    assert [(one.code, one.severity) for one in resembling] == ([("denial.match", severity)] if severity else [])


def test_a_denial_without_commodity_codes_counts_by_its_words() -> None:
    denial = a_denial(goods=[{"description": "Pressure transducers, measuring below 13 kPa", "control_code": "2B230"}])
    alike = ("90262020", "Pressure transducer, 10 kPa")
    assert len(found(a_screening("Bharat Forge", goods=alike), denial)) == 1
    assert found(a_screening("Bharat Forge", goods=("90262020", "Gauge")), denial) == []


SAME_NAMES = [
    ("Vindhya Aviation, Space & Defence Group", "VINDHYA AVIATION SPACE AND DEFENCE GROUP PVT LTD"),
    ("Vindhya Aviation, Space & Defence Group", "Vindhia Aviaton Space Defence"),
    ("Deccan Aero Components Ltd", "Dekkan Aero Components Private Limited"),
    ("Bharat Forge", "Bharath Forge"),
    ("Bharat Forge", "BharatForge Ltd"),
    ("Müller & Söhne GmbH", "Muller Sohne"),
    ("ООО «Уралмаш Пресс»", "Uralmash Press OOO"),
    ("ООО «Уралмаш Пресс»", "ЗАО УРАЛМАШ ПРЕСС"),
    ("Ελληνική Βιομηχανία Αεροσκαφών", "Elliniki Viomichania Aeroskafon"),
    ("北京精密機械公司", "北京精密機械公司"),
    ("São Carlos Laboratórios Ltda", "SAO CARLOS LABORATORIOS"),
]
OTHER_NAMES = [
    ("Vindhya Aviation, Space & Defence Group", "Deccan Aero Components Ltd"),
    ("Bharat Forge", "Bharat Petroleum"),
    ("Bharat Forge", "Cochin Forge"),
    ("Gulf Trading International LLC", "Orion Trading International LLC"),
    ("General Engineering Group", "Deccan Engineering Group"),
    ("ООО «Уралмаш Пресс»", "ООО «Волга Пресс»"),
    ("北京精密機械公司", "北京精密机器人公司"),
    ("Metal Works", "Motel Suites"),
]


@pytest.mark.parametrize(("one", "other"), SAME_NAMES)
def test_a_name_spelt_otherwise_is_caught(one: str, other: str) -> None:
    refused = a_refusal(end_users=(EndUser(name=one, country=INDIA),))
    assert [r.severity for r in found(a_screening(other, exporter=OTHER), refused)] == [Severity.CRITICAL]


@pytest.mark.parametrize(("one", "other"), OTHER_NAMES)
def test_another_name_is_not(one: str, other: str) -> None:
    refused = a_refusal(end_users=(EndUser(name=one, country=INDIA),))
    assert found(a_screening(other, exporter=OTHER, licence="VL/2026/000001"), refused) == []


def test_a_transliteration_that_the_sender_states_counts_beside_the_name() -> None:
    asked = a_screening("大洋航空", exporter=OTHER, transliteration="Vindhya Aviation Space Defence")
    assert len(found(asked, a_refusal())) == 1
    other_script = a_refusal(end_users=(EndUser(name="大陽航空", country=INDIA),))
    assert found(asked, other_script) == [], "of one sound, and not the same"


WORDS = (
    "bharat",
    "bharath",
    "forge",
    "forj",
    "aero",
    "deccan",
    "dekkan",
    "trading",
    "group",
    "marina",
    "marino",
    "ltd",
)
NAMES = st.lists(st.sampled_from(WORDS), min_size=1, max_size=5).map(" ".join)


@given(NAMES, NAMES)
def test_the_index_finds_all_that_are_alike(one: str, other: str) -> None:
    refused = a_refusal(end_users=(EndUser(name=one, country=INDIA),), applicant=Party())
    resembling = found(a_screening(other, exporter=OTHER), refused)
    alike = likeness_of_names(one, other)
    assert bool(resembling) == (alike >= SIMILAR_FROM)


def test_a_resemblance_holds_every_value_compared_and_says_which_licence_is_cited() -> None:
    [one] = found(a_screening("Vindhia Aviaton Space Defence", "AE", licence="VL/2026/000001"), a_refusal())
    sides = {c.what: (c.declared, c.licensed) for c in one.comparisons}
    assert sides["goods item"][1] == "refusal REF/2017/10 of BE-VLG, 2017-12-31, revision 1"
    assert sides["name of the recipient"] == ("consignee Vindhia Aviaton Space Defence", f"end_user {END_USER.name}")
    assert sides["country of destination"] == ("AE", "IN")
    assert sides["commodity code"] == ("84798300", "847983")
    assert sides["exporter"] == (f"{REFUSED_APPLICANT.name}, {REFUSED_APPLICANT.eori}",) * 2
    assert sides["value"] == ("100000", "1150000 EUR")
    assert sides["licence"] == ("VL/2026/000001", "none")
    assert Decimal(sides["likeness of the goods"][0]) >= SIMILAR_FROM
    assert "cites VL/2026/000001" in one.summary
    assert (one.screening, one.kind, one.ref, one.revision) == (1, WatchedKind.REFUSAL, "REF/2017/10", 1)


def test_the_closest_item_of_a_shipment_is_named_and_each_refusal_once() -> None:
    asked = a_screening(exporter=OTHER)
    [press] = asked.items
    chocolate = replace(press, item=1, description="Chocolate bars", commodity_code=CommodityCode("18063290"))
    both = replace(asked, items=(chocolate, replace(press, item=2), replace(press, item=3)))
    resembling = found(both, a_refusal(), a_refusal(ref="REF/2011/1", applicant=Party(), end_users=()), a_denial())
    assert [(one.ref, one.item) for one in resembling] == [("REF/2017/10", 2), ("REF/2011/1", 2)]


def test_the_same_values_give_the_same_finding_at_every_step_and_others_another() -> None:
    first, again = a_screening(), replace(a_screening(), revision=2)
    amended = replace(a_screening("Vindhya Aviation Space Defence"), revision=3)
    ids = [found(asked, a_refusal())[0].finding_id for asked in (first, again, amended)]
    assert ids[0] == ids[1] != ids[2]
    assert found(first, a_refusal())[0].identity != found(again, a_refusal())[0].identity


def test_a_revoked_denial_counts_no_more_and_comes_back_with_no_older_revision() -> None:
    asked, denial = a_screening("Bharat Forge"), a_denial()
    revoked = replace(denial, revision=2, status=DenialStatus.REVOKED)
    assert found(asked, denial, revoked) == found(asked, revoked, denial) == []
    assert len(found(asked, denial, revoked, replace(denial, revision=3))) == 1


def test_a_corrected_refusal_is_compared_as_it_now_is() -> None:
    other = EndUser(name="Kolkata Marine Works", country=INDIA)
    corrected = a_refusal(revision=2, applicant=Party(), end_users=(other,))
    assert found(a_screening(), a_refusal(), corrected) == []
    assert len(found(a_screening(other.name, exporter=OTHER), a_refusal(), corrected)) == 1


def test_goods_without_a_commodity_code_or_words_are_like_nothing() -> None:
    bare = a_refusal(goods=(RefusedGoods(description=""),))
    assert found(a_screening(goods=("84798300", "")), bare) == []
