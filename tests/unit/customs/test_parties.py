"""Parties of the customs door: what the settings say of them."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from services.customs.settings import Settings
from tests.builders_alerting import SECRET

VARIABLE = "TOLBRUG_CUSTOMS__PARTIES"


def hashed(token: str) -> str:
    return sha256(token.encode()).hexdigest()


BELGIUM = {"name": "BE.CUSTOMS", "token_sha256": hashed("token of Belgium")}
FRANCE = {"name": "FR.CUSTOMS", "token_sha256": hashed("token of France")}


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
    assert settings.names == (settings.party,)
