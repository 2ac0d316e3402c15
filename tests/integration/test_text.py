"""Names in any script, through all doors: shown as they were sent, and matched with a licence in Latin script."""

import json
from pathlib import Path
from typing import Any

import pytest

from services.customs.wiring import build as customs
from services.licensing.wiring import build as licensing
from services.reconciliation.wiring import build as reconciliation
from services.runtime.settings import RuntimeSettings
from tests.integration.in_process import running

WALK = Path(__file__).parents[2] / "docs" / "walk"
JSON = {"content-type": "application/json"}
LICENCE = json.loads((WALK / "licence.json").read_bytes())
DECLARATION = json.loads((WALK / "two-presses.json").read_bytes())


@pytest.mark.parametrize(
    ("sent", "transliteration", "licensed"),
    [
        ({"name": "Παπαδόπουλος Α.Ε."}, "Papadopoulos A.E.", "PAPADOPOULOS AE"),
        ({"name": "ООО «Иванов»"}, "OOO «Ivanov»", "Ivanov"),
        ({"name": "東京工業株式会社", "transliteration": "Tokyo Kogyo K.K."}, "Tokyo Kogyo K.K.", "TOKYO KOGYO KK"),
        ({"name": "Ce\u0301ramiques de l'Est"}, "Céramiques de l'Est", "CERAMIQUES DE L'EST"),
    ],
    ids=["Greek", "Cyrillic", "CJK with the sender's own", "combining"],
)
async def test_a_name_is_shown_as_sent_and_matched_with_a_licence_in_latin_script(
    runtime_settings: RuntimeSettings, sent: dict[str, str], transliteration: str, licensed: str
) -> None:
    licence = LICENCE | {"consignees": [{"name": licensed, "country": "IN"}]}
    async with running(runtime_settings, [customs, licensing, reconciliation]) as exchange:

        async def post(path: str, body: dict[str, Any]) -> int:
            content = json.dumps(body, ensure_ascii=False).encode()
            return (await exchange.http.post(path, content=content, headers=JSON)).status_code

        async def verdict(mrn: str, consignee: dict[str, str]) -> dict[str, Any]:
            declared = DECLARATION | {"mrn": mrn, "message_id": mrn, "consignee": consignee | {"country": "IN"}}
            assert await post("/v1/customs/messages", declared) == 202
            answer = await exchange.http.get(f"/v1/customs/declarations/{mrn}/verdict", params={"wait": 15})
            found: dict[str, Any] = answer.json()
            return found

        assert await post("/v1/licences", licence) == 201
        mrn = DECLARATION["mrn"]
        assert (await verdict(mrn, sent))["verdict"] == "covered"
        shown = (await exchange.http.get(f"/v1/customs/declarations/{mrn}")).json()["consignee"]
        assert (shown["name"], shown["transliteration"]) == (sent["name"], transliteration)
        other = await verdict("26BE343000000001A1", {"name": "Иваново Ткань"})
        assert "consignee.mismatch" in other["items"][0]["reasons"]
