"""The key of a paper: of an MRN's shape, the same for the same paper, and never an MRN."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from services.core.values import mrn_check_digit_holds, parse_mrn
from services.customs.domain.paper import paper_mrn

AT = datetime(2026, 3, 4, 10, tzinfo=UTC)
LATER = datetime(2026, 11, 4, 10, tzinfo=UTC)
PAPERS = st.tuples(st.from_regex(r"\A[A-Z]{2}[A-Z0-9]{6}\Z"), st.text(min_size=1, max_size=70))


@given(PAPERS)
def test_the_key_has_the_shape_of_an_mrn_and_its_check_digit(paper: tuple[str, str]) -> None:
    key = paper_mrn(*paper, AT)
    assert parse_mrn(key) == key
    assert mrn_check_digit_holds(key)
    assert key[:4] == f"26{paper[0][:2]}"
    assert key[16] == "Q", "a letter of no procedure: no MRN can be equal"


@given(st.lists(PAPERS, min_size=2, max_size=2, unique=True))
def test_the_same_paper_has_the_same_key_and_another_has_another(papers: list[tuple[str, str]]) -> None:
    one, other = papers
    assert paper_mrn(*one, AT) == paper_mrn(*one, LATER)
    assert paper_mrn(*one, AT) != paper_mrn(*other, AT)


def test_keys_stay_what_they_are() -> None:
    assert paper_mrn("BE343000", "SAD 2026/4711", AT) == "26BEM8JSX1VAVB8IQ4"
