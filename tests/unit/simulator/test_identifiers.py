"""MRNs and EORIs pass their own checks, whatever the seed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.values import mrn_check_digit_holds, parse_eori, parse_mrn
from services.simulator.mrn import belgian_eori, export_mrn
from services.simulator.parties import FORWARDERS, HOLDERS, TRADERS


def enterprise_number_holds(eori: str) -> bool:
    """Whether a Belgian EORI carries a valid enterprise number."""
    number = eori.removeprefix("BE")
    return len(number) == 10 and number.isdigit() and int(number[8:]) == 97 - int(number[:8]) % 97


@given(st.integers(min_value=0, max_value=36**6 - 1))
def test_every_mrn_has_its_shape_and_check_digit(serial: int) -> None:
    mrn = export_mrn(serial)
    assert parse_mrn(mrn) == mrn
    assert mrn_check_digit_holds(mrn)


@pytest.mark.parametrize(
    ("serial", "mrn"),
    [(1, "26BE343000000001A1"), (3, "26BE343000000003A0")],
)
def test_known_mrns_come_out_with_a_remainder_of_ten_too(serial: int, mrn: str) -> None:
    assert export_mrn(serial) == mrn


def test_different_serials_never_share_an_mrn() -> None:
    assert len({export_mrn(serial) for serial in range(5000)}) == 5000


def test_a_serial_beyond_the_identifier_is_refused() -> None:
    with pytest.raises(ValueError, match="out of range"):
        export_mrn(36**6)


@given(st.integers(min_value=0, max_value=9_999_999))
def test_every_eori_carries_a_valid_enterprise_number(serial: int) -> None:
    eori = belgian_eori(serial)
    assert parse_eori(eori) == eori
    assert enterprise_number_holds(eori)


def test_the_check_of_enterprise_numbers_knows_a_real_one_and_refuses_a_wrong_one() -> None:
    assert enterprise_number_holds("BE0314595348")
    assert not enterprise_number_holds("BE0314595349")


def test_all_parties_with_an_eori_pass_the_check_and_are_different() -> None:
    eoris = [str(party.eori) for party in (*HOLDERS, *TRADERS, *FORWARDERS)]
    assert all(map(enterprise_number_holds, eoris))
    assert len(set(eoris)) == len(eoris)
