"""Who is at the door: what the settings say of parties, and whose token a request carries."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from starlette.datastructures import Headers

from services.core.errors import Refused
from services.customs.adapters.parties import Doorkeeper
from services.customs.settings import Settings
from tests.builders_alerting import SECRET

VARIABLE = "TOLBRUG_CUSTOMS__PARTIES"


def hashed(token: str) -> str:
    return sha256(token.encode()).hexdigest()


BELGIUM = {"name": "BE.CUSTOMS", "token_sha256": hashed("token of Belgium")}
FRANCE = {"name": "FR.CUSTOMS", "token_sha256": hashed("token of France")}


def doorkeeper(*parties: dict[str, str]) -> Doorkeeper:
    return Doorkeeper({party["name"]: party["token_sha256"] for party in parties}, "customs")


def shows(*values: str) -> Headers:
    return Headers(raw=[(b"authorization", value.encode("latin-1")) for value in values])


@pytest.mark.parametrize("how", ["text", "file"])
def test_parties_come_from_the_environment_or_from_a_file(
    how: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stated = json.dumps([BELGIUM, FRANCE | {"webhook_url": "https://hooks.example/a", "webhook_secret": SECRET}])
    (tmp_path / "parties.json").write_text(stated)
    monkeypatch.setenv(VARIABLE, stated if how == "text" else str(tmp_path / "parties.json"))
    one, other = Settings().customs.parties
    assert (one.name, other.name, other.webhook_url) == ("BE.CUSTOMS", "FR.CUSTOMS", "https://hooks.example/a")
    assert other.webhook_secret is not None
    assert other.webhook_secret.get_secret_value() == SECRET
    assert SECRET not in repr(Settings())


@pytest.mark.parametrize(
    ("stated", "says"),
    [
        ("[{", "no JSON"),
        ("/nowhere/parties.json", "the path of a file"),
        ([{"name": ""}], "name"),
        ([{"name": "a b"}], "name"),
        ([BELGIUM | {"token": "token of Belgium"}], "token"),
        ([BELGIUM | {"token_sha256": "token of Belgium"}], "token_sha256"),
        ([BELGIUM, BELGIUM | {"token_sha256": hashed("c")}], "same name"),
        ([BELGIUM, BELGIUM | {"name": "FR.CUSTOMS"}], "same token_sha256"),
        ([BELGIUM | {"webhook_url": "https://hooks.example/a"}], "webhook_secret"),
        ([BELGIUM | {"webhook_url": "https://hooks.example/a", "webhook_secret": "whsec_c2VjcmV0"}], "webhook_secret"),
        ([BELGIUM | {"webhook_url": "file:///etc/passwd", "webhook_secret": SECRET}], "webhook_url"),
    ],
)
def test_parties_that_cannot_be_used_stop_the_start_and_show_no_secret(
    stated: Any, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, stated if isinstance(stated, str) else json.dumps(stated))
    with pytest.raises(ValidationError, match=says) as error:
        Settings()
    told = str(error.value)
    assert "parties" in told
    assert not {"token of Belgium", "whsec_c2VjcmV0", SECRET} & {word.strip("'\",") for word in told.split(" ")}
    assert "token of Belgium" not in told


@pytest.mark.parametrize("unset", [None, "", "[]"])
def test_without_parties_everybody_is_the_one_party(unset: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    if unset is not None:
        monkeypatch.setenv(VARIABLE, unset)
    settings = Settings().customs
    assert settings.parties == ()
    keeper = Doorkeeper({}, settings.party)
    assert not keeper.asks
    assert keeper.party(shows()) == keeper.party(shows("Bearer anything")) == "customs"


def test_the_token_says_which_party_it_is() -> None:
    keeper = doorkeeper(BELGIUM, FRANCE)
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
        doorkeeper(BELGIUM, FRANCE).party(shows(*shown))
    assert refused.value.status == 401


@given(st.text(st.characters(max_codepoint=255), max_size=60))
def test_no_other_text_opens_the_door(text: str) -> None:
    with pytest.raises(Refused):
        doorkeeper(BELGIUM).party(shows(f"Bearer {text}"))
