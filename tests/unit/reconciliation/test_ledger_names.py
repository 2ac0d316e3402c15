"""Names of parties are compared as a person would."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.messages import Party
from services.core.names import normalised, same_name, same_party_name

LETTERS = st.characters(categories=["Lu", "Ll", "Lo", "Nd"], max_codepoint=0x24F) | st.sampled_from(
    "αβγδεζηθικλμνξοπρσςτυφχψωΆΈΉΊΌΎΏабвгдежзийклмнопрстуфхцчшщыэюяЇЄҐ東京北कि가나بتث"
)
NAMES = st.lists(st.text(LETTERS, min_size=1, max_size=8), min_size=1, max_size=4).map(" ".join)
ANY = st.text(max_size=30)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Müller & Söhne G.m.b.H.", "MULLER SOHNE GMBH"),
        ("Persbouw N.V.", "persbouw"),
        ("NV Persbouw", "Persbouw"),
        ("S.A. Câbleries d'Eupen", "CABLERIES DEUPEN SA"),
        ("Łódź Forge Sp. z o.o.", "Lodz Forge sp zoo"),
        ("Ørsted A/S", "Orsted AS"),
        ("Bharat Forge Pvt. Ltd.", "Bharat Forge"),
        ("Acme GmbH & Co. KG", "Acme"),
        ("J. P. Presses Inc", "JP Presses, Incorporated"),
        ("Straße & Sohn", "STRASSE SOHN"),
        ("東京工業 株式会社", "東京工業株式会社"),
        ("株式会社東京工業", "東京工業"),
        ("삼성전자 주식회사", "삼성전자"),
        ("ООО «Иванов»", "иванов"),
        ("Παπαδόπουλος Α.Ε.", "ΠΑΠΑΔΟΠΟΥΛΟΣ"),
        ("Prensas del Norte S.A. de C.V.", "Prensas del Norte"),
        ("Çelik Anonim Şirketi", "CELIK A.Ş."),
        ("Valmet Oyj", "VALMET OY"),
        ("Kovács Kft.", "Kovacs"),
        ("Novák spol. s r.o.", "NOVAK s.r.o."),
        ("Lux S.à r.l.", "LUX SARL"),
        ("Balti Pressid OÜ", "Balti Pressid"),
        ("Société X, société anonyme", "SOCIETE X"),
    ],
)
def test_the_same_name_written_otherwise_is_the_same(one: str, other: str) -> None:
    assert same_name(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Bharat Forge", "Bharat Forge Works"),
        ("Persbouw NV", "Persbouw Antwerpen NV"),
        ("NV", "BV"),
        ("Acme", None),
        (None, None),
        ("", ""),
        ("!!!", "!!!"),
        ("\u0301", "\u0301"),
        ("कि", "का"),
        ("東京工業", "東京鉱業"),
    ],
)
def test_other_names_and_missing_ones_are_not_the_same(one: str | None, other: str | None) -> None:
    assert not same_name(one, other)


def test_a_name_of_legal_forms_only_stays() -> None:
    assert normalised("SE SA") != ""


def party(name: str | None, transliteration: str | None = None) -> Party:
    return Party(name=name, transliteration=transliteration)


GREEK = party("Γιώργος Α.Ε.", "Giorgos A.E.")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (GREEK, party("Giorgos AE"), True),
        (GREEK, party("ΓΙΩΡΓΟΣ"), True),
        (party("ООО Иванов", "OOO Ivanov"), party("Ivanov"), True),
        (party("Łódź Forge", "Lódz Forge"), party("Łodz Forge", "Lodz Forge"), True),
        (party("東京", "DongJing"), party("东经", "DongJing"), False),
        (GREEK, party("Yiorgos"), False),
        (party(None), party(None), False),
    ],
)
def test_a_name_is_the_same_as_written_or_as_transliterated(one: Party, other: Party, *, same: bool) -> None:
    assert same_party_name(one, other) is same
    assert same_party_name(other, one) is same


@given(ANY, ANY)
def test_comparing_is_symmetric_and_never_equal_for_nothing(one: str, other: str) -> None:
    assert same_name(one, other) == same_name(other, one)
    assert same_name(one, one) == (normalised(one) != "")


@given(ANY)
def test_what_is_normalised_stays(name: str) -> None:
    assert normalised(normalised(name)) == normalised(name)


@given(NAMES, st.sampled_from(["upper", "lower", "title"]))
def test_case_makes_no_other_name(name: str, change: str) -> None:
    assert normalised(getattr(name, change)()) == normalised(name)


@given(NAMES, st.sampled_from(["\u0301", "\u0308", "\u030c"]), st.data())
def test_an_accent_makes_no_other_name(name: str, accent: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(1, len(name)))
    assert normalised(name[:place] + accent + name[place:]) == normalised(name)


@given(NAMES, st.sampled_from([".", ",", " - ", '"', "!", "«", "\u00a0"]))
def test_punctuation_around_words_makes_no_other_name(name: str, sign: str) -> None:
    assert normalised(sign.join(("", *name.split(), ""))) == normalised(" ".join(name.split()))
