"""Names of parties are compared as a person would."""

import pytest

from services.reconciliation.domain.names import normalised, same_name


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
    ],
)
def test_other_names_and_missing_ones_are_not_the_same(one: str | None, other: str | None) -> None:
    assert not same_name(one, other)


def test_a_name_of_legal_forms_only_stays() -> None:
    assert normalised("SE SA") != ""
