"""Names in ISO 8859-1."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.text import no_text
from services.core.transliteration import parse_transliteration, transliterated


@pytest.mark.parametrize(
    ("name", "latin"),
    [
        ("Γιώργος Παπαδόπουλος", "Giorgos Papadopoulos"),
        ("ΕΥΑΓΓΕΛΟΣ ΑΥΓΕΡΙΝΟΣ", "EVANGELOS AVGERINOS"),
        ("Ευθυμίου", "Efthymiou"),
        ("Иванов", "Ivanov"),
        ("شركة", "shrkh"),
        ("北京", "BeiJing"),
        ("Łódź Ünal", "Lódz Ünal"),
        ("Mu\u0308ller", "Müller"),
        ("🚀 Corp", "Corp"),
    ],
)
def test_other_scripts_become_latin(name: str, latin: str) -> None:
    assert transliterated(name) == latin


@pytest.mark.parametrize("name", [None, "", "Persbouw NV", "Müller & Söhne", "Ørsted", "🚀", "\u200d"])
def test_what_is_in_the_set_or_has_nothing_in_it_needs_none(name: str | None) -> None:
    assert transliterated(name) is None


@given(st.text(max_size=100))
def test_a_transliteration_is_always_in_the_set_and_is_its_own(name: str) -> None:
    latin = transliterated(name)
    if latin is not None:
        assert parse_transliteration(latin) == latin
        assert transliterated(latin) is None


@pytest.mark.parametrize("text", ["", "Ł", "a\n", "x" * 513])
def test_a_stated_one_outside_the_set_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="ISO 8859-1"):
        parse_transliteration(text)


TEXTS = [
    "Γιώργος",
    "Иванов",
    "شركة النور",
    "בע״מ",
    "東京工業　株式会社",
    "e\u0301",
    "👩\u200d🔬",
    "می\u200cخواهم",
    "\u00a0",
]


@pytest.mark.parametrize("text", TEXTS)
def test_text_of_any_script_is_text(text: str) -> None:
    assert no_text(text) is None


@pytest.mark.parametrize("code", [0, 7, 9, 0x7F, 0x85, 0x202E, 0x2066, 0x2028, 0xD800, 0xFDD0, 0xFFFE])
def test_controls_and_noncharacters_are_not(code: int) -> None:
    assert no_text(f"ab{chr(code)}c") == f"U+{code:04X} at character 3"
    assert (no_text(chr(code), lines=True) is None) == (code == 9)
