"""Who is at a door: whose token a request carries, and how a stranger is asked for one."""

from base64 import b64encode
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers

from services.core.errors import Refused
from services.runtime.parties import Doorkeeper, Unknown


def hashed(token: str) -> str:
    return sha256(token.encode()).hexdigest()


BELGIUM = {"BE.CUSTOMS": hashed("token of Belgium")}
BOTH = {**BELGIUM, "FR.CUSTOMS": hashed("token of France")}


def shows(*values: str) -> Headers:
    return Headers(raw=[(b"authorization", value.encode("latin-1")) for value in values])


def basic(user_and_password: str) -> Headers:
    return shows(f"Basic {b64encode(user_and_password.encode()).decode()}")


def test_where_no_party_has_a_token_everybody_is_the_one_party() -> None:
    keeper = Doorkeeper({}, "customs")
    assert not keeper.asks
    assert keeper.party(shows()) == keeper.party(shows("Bearer anything")) == "customs"


def test_the_token_says_which_party_it_is() -> None:
    keeper = Doorkeeper(BOTH, "")
    assert keeper.asks
    assert keeper.party(shows("Bearer token of Belgium")) == "BE.CUSTOMS"
    assert keeper.party(shows("bearer  token of France ")) == "FR.CUSTOMS"


@pytest.mark.parametrize(
    "shown",
    [
        (),
        ("",),
        ("Bearer",),
        ("Bearer ",),
        ("Basic token of Belgium",),
        ("token of Belgium",),
        ("Bearer token of Nowhere",),
        (f"Bearer {hashed('token of Belgium')}",),
        ("Bearer token of Belgium", "Bearer token of France"),
    ],
)
def test_whoever_shows_no_token_of_a_party_is_turned_away(shown: tuple[str, ...]) -> None:
    with pytest.raises(Refused) as refused:
        Doorkeeper(BOTH, "").party(shows(*shown))
    assert refused.value.status == 401


@given(st.text(st.characters(max_codepoint=255), max_size=60))
def test_no_other_text_opens_the_door(text: str) -> None:
    with pytest.raises(Refused):
        Doorkeeper(BELGIUM, "").party(shows(f"Bearer {text}"))


def test_a_browser_may_show_the_token_as_the_password_of_any_user() -> None:
    keeper = Doorkeeper(BOTH, "")
    assert keeper.party(basic("anybody:token of France"), browser=True) == "FR.CUSTOMS"
    assert keeper.party(basic(":token of Belgium"), browser=True) == "BE.CUSTOMS"
    assert keeper.party(shows("Bearer token of France"), browser=True) == "FR.CUSTOMS"
    assert Doorkeeper({"a": hashed("one:two")}, "").party(basic("user:one:two"), browser=True) == "a"


@pytest.mark.parametrize(
    "shown",
    [
        shows(),
        shows("Basic"),
        shows("Basic é"),
        shows("Basic dG9rZW4"),
        basic("token of France"),
        basic("token of France:"),
        basic("FR.CUSTOMS:token of Nowhere"),
    ],
    ids=repr,
)
def test_a_browser_that_shows_none_is_asked_for_a_password(shown: Headers) -> None:
    with pytest.raises(Unknown) as unknown:
        Doorkeeper(BOTH, "").party(shown, browser=True)
    assert unknown.value.challenge.startswith("Basic realm=")


def test_a_password_opens_nothing_but_pages() -> None:
    with pytest.raises(Unknown) as unknown:
        Doorkeeper(BOTH, "").party(basic("FR.CUSTOMS:token of France"))
    assert unknown.value.challenge == "Bearer"


def test_no_token_is_no_token_even_where_a_party_has_the_digest_of_nothing() -> None:
    with pytest.raises(Unknown):
        Doorkeeper({"a": hashed("")}, "").party(shows("Bearer "))
