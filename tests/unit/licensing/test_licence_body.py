"""What the door accepts, what it says about what it does not, and that the register gives back what came in."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

from services.core.decision import Decision
from services.core.errors import Refused
from services.core.messages import LicenceStatus
from services.licensing.adapters.bodies import LicenceBody, RefusalBody, StoredLicence, StoredRefusal
from services.licensing.adapters.desk import Desk
from services.licensing.adapters.draft_register import DraftSearch
from services.licensing.adapters.faults import Authorities
from services.licensing.adapters.http import licensing_routers
from services.licensing.adapters.issuing import issuing_document
from services.licensing.adapters.licence_import import Import
from services.licensing.adapters.live_denials import DenialIndex
from services.licensing.adapters.many_faults import MOST_TOLD
from services.licensing.adapters.pending_register import PendingSearch
from services.licensing.adapters.register import Command, Outcome, Register
from services.licensing.adapters.search import Search
from services.licensing.adapters.views import licence_content, licence_view, refusal_view
from services.licensing.domain.registered import Registered
from services.licensing.handlers import IssueLicence, RecordRefusal
from services.licensing.settings import LicensingSettings
from services.runtime.database import Database
from tests.builders_licensing import LICENCE, REFUSAL, changed

SETTINGS = LicensingSettings()
AUTHORITIES = Authorities(SETTINGS.zone_of, SETTINGS.years_of)
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


def with_line(**changes: Any) -> dict[str, Any]:
    return changed(LICENCE, lines=[{**LICENCE["lines"][0], **changes}])


async def post(
    path: str, content: str | bytes, *, known: bool = False, kind: str = "application/json"
) -> httpx.Response:
    """Ask a door whose register answers everything as new, or as known."""

    async def submit(command: Command) -> Outcome:
        match command:
            case IssueLicence(licence):
                return Decision(Registered(licence, licence), () if known else (licence,))
            case RecordRefusal(refusal):
                return Decision(refusal, (refusal,))
        raise AssertionError(command)

    async def nothing(*asked: object) -> Any:
        raise AssertionError(asked)

    async def problem(_: Request, error: Exception) -> Response:
        assert isinstance(error, Refused)
        told = error.faults[-1].detail if error.faults else ""
        return JSONResponse({"errors": [[f.path, f.code] for f in error.faults], "told": told}, error.status)

    app = FastAPI()
    database = Database("")
    many = Import(nothing, Register(nothing, DenialIndex()), database, AUTHORITIES)
    pending, drafts = PendingSearch(database), DraftSearch(database)
    desk = Desk(submit, Search(database), nothing, pending, AUTHORITIES, many, nothing, drafts)
    for router in licensing_routers(desk):
        app.include_router(router)
    app.add_exception_handler(Refused, problem)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://door") as client:
        return await client.post(path, content=content, headers={"content-type": kind})


async def faults(document: dict[str, Any], path: str = "/v1/licences") -> list[list[str]]:
    answer = await post(path, json.dumps(document))
    assert answer.status_code == 422, answer.text
    found: list[list[str]] = answer.json()["errors"]
    return sorted(found)


async def test_a_licence_is_created_with_its_tag_and_place() -> None:
    answer = await post("/v1/licences", json.dumps(LICENCE))
    assert (answer.status_code, answer.headers["etag"]) == (201, '"1"')
    assert answer.headers["location"] == "/v1/licences/VL/2026/000123"
    assert answer.json()["status"] == "issued"
    same = ("ref", "type", "destinations", "valid_from", "valid_to", "requires")
    assert answer.json()["lines"][0].items() >= LICENCE["lines"][0].items()
    assert {name: answer.json()[name] for name in same} == {name: LICENCE[name] for name in same}


@pytest.mark.parametrize("broken", [{f"a{n}": 1 for n in range(200)}, {"commodity_codes": ["x"] * 500}])
async def test_of_very_many_faults_some_are_told_and_how_many_there_are(broken: dict[str, Any]) -> None:
    line = LICENCE["lines"][0]
    document = changed(LICENCE, lines=[{**line, "line": n, **broken} for n in range(1, 301)])
    told, in_all = await faults(document), 300 * max(len(broken), len(broken.get("commodity_codes", ())))
    assert 500 < len(told) <= MOST_TOLD + 1
    assert told[0] == ["", "more-faults"]
    assert all(path.startswith("/lines/") for path, _ in told[1:])
    answer = (await post("/v1/licences", json.dumps(document))).json()
    assert f"{in_all} faults in all" in answer["told"], answer["told"]
    with pytest.raises(Refused) as refused:
        issuing_document(document, AUTHORITIES, NOW)
    assert f"{in_all} faults in all" in refused.value.faults[-1].detail


async def test_the_same_again_is_200() -> None:
    assert (await post("/v1/licences", json.dumps(LICENCE), known=True)).status_code == 200


async def test_a_refusal_is_created() -> None:
    answer = await post("/v1/refusals", json.dumps(REFUSAL))
    assert (answer.status_code, answer.headers["location"]) == (201, "/v1/refusals/REF/2026/17")


async def test_what_does_not_say_it_is_json_is_415_and_what_is_too_large_413() -> None:
    assert (await post("/v1/licences", json.dumps(LICENCE), kind="text/plain")).status_code == 415
    large = json.dumps(changed(LICENCE, colour="r" * 3_000_000))
    assert (await post("/v1/licences", large)).status_code == 413


async def test_a_reference_that_ends_like_a_part_has_its_place_in_a_query() -> None:
    answer = await post("/v1/licences", json.dumps(changed(LICENCE, ref="VL/entries")))
    assert answer.headers["location"] == "/v1/licences?ref=VL/entries"


@pytest.mark.parametrize("content", ["{", b"\xff\xfe\x00", "[" * 100_000])
async def test_what_is_not_json_is_400(content: str | bytes) -> None:
    assert (await post("/v1/licences", content)).status_code == 400


async def test_every_fault_is_told_at_once() -> None:
    line = LICENCE["lines"][0]
    broken = changed(
        LICENCE,
        holder={"eori": "be1", "colour": "red"},
        destinations=["IND"],
        valid_to="2025-01-01",
        lines=[{**line, "unit": None, "value": "0"}, {**line, "quantity": 2}, line],
    )
    assert await faults(broken) == [
        ["/destinations/0", "country"],
        ["/holder/colour", "extra-forbidden"],
        ["/holder/eori", "eori"],
        ["/lines/0/unit", "unit-missing"],
        ["/lines/0/value", "value-not-positive"],
        ["/lines/1/quantity", "string-type"],
        ["/lines/2/line", "line-repeated"],
        ["/valid_to", "before-valid-from"],
    ]


@pytest.mark.parametrize(
    ("basis", "figures", "missing"),
    [
        ("quantity", (), ["quantity", "unit"]),
        ("value", (), ["currency", "value"]),
        ("both", ("quantity", "unit"), ["currency", "value"]),
        ("open", ("currency",), []),
        ("open", ("quantity",), ["unit"]),
        ("open", ("unit", "currency"), []),
        ("quantity", ("quantity", "unit", "value"), ["currency"]),
    ],
)
async def test_the_basis_decides_which_figures_a_line_needs(
    basis: str, figures: tuple[str, ...], missing: list[str]
) -> None:
    line = {
        name: value
        for name, value in LICENCE["lines"][0].items()
        if name not in {"quantity", "unit", "value", "currency"}
    }
    document = changed(LICENCE, lines=[{**line, "basis": basis, **{f: LICENCE["lines"][0][f] for f in figures}}])
    if missing:
        assert await faults(document) == [[f"/lines/0/{name}", f"{name}-missing"] for name in missing]
    else:
        assert (await post("/v1/licences", json.dumps(document))).status_code == 201


async def test_an_open_line_says_in_what_its_use_is_recorded() -> None:
    line = {"line": 1, "description": "press", "control_code": "2B204", "commodity_codes": [], "basis": "open"}
    assert await faults(changed(LICENCE, lines=[line])) == [["/lines/0", "measure-missing"]]


@pytest.mark.parametrize(
    ("document", "fault"),
    [
        (with_line(control_code="2F204"), ["/lines/0/control_code", "control-code"]),
        (with_line(control_code="2B204."), ["/lines/0/control_code", "control-code"]),
        (with_line(quantity="2.0000001"), ["/lines/0/quantity", "decimal"]),
        (with_line(quantity="-2"), ["/lines/0/quantity", "quantity-not-positive"]),
        (with_line(quantity="0"), ["/lines/0/quantity", "quantity-not-positive"]),
        (with_line(line=0), ["/lines/0/line", "greater-than-equal"]),
        (with_line(description="a\x00b"), ["/lines/0/description", "text"]),
        (changed(LICENCE, ref=" VL/1"), ["/ref", "reference"]),
        (changed(LICENCE, lines=[]), ["/lines", "lines-missing"]),
        (changed(LICENCE, type="personal"), ["/type", "literal-error"]),
        (changed(LICENCE, authority="FR-SBDU"), ["/authority", "authority-unknown"]),
        (changed(LICENCE, holder={"name": "Presses NV"}), ["/holder/eori", "eori-missing"]),
        (changed(LICENCE, valid_from="2026-02-30"), ["/valid_from", "date"]),
        (changed(LICENCE, valid_to="9999-12-31"), ["/valid_to", "date"]),
        (changed(LICENCE, procedures=["1000"]), ["/procedures/0", "procedure"]),
    ],
)
async def test_a_fault_has_its_path_and_code(document: dict[str, Any], fault: list[str]) -> None:
    assert await faults(document) == [fault]


async def test_what_replaces_another_may_have_the_carried_balance_alone() -> None:
    terms = {**with_line(quantity="0", value="0"), "replaces": "VL/2025/000001"}
    assert (await post("/v1/licences", json.dumps(terms))).status_code == 201
    assert await faults({**terms, "valid_from": "2026-02-30"}) == [["/valid_from", "date"]]
    below = {**with_line(quantity="-1"), "replaces": "VL/2025/000001"}
    assert await faults(below) == [["/lines/0/quantity", "quantity-not-positive"]]


async def test_a_refusal_with_a_value_needs_its_currency() -> None:
    document = changed(REFUSAL, destination="in", goods=[{"description": "press", "value": "1"}])
    expected = [["/destination", "country"], ["/goods/0/currency", "currency-missing"]]
    assert await faults(document, "/v1/refusals") == expected


async def test_a_general_authorisation_needs_no_eori() -> None:
    terms = {"type": "union-general", "general": "eu001", "destinations": ["US"]}
    document = changed(LICENCE, **terms, holder={"name": "any registered exporter"})
    assert (await post("/v1/licences", json.dumps(document))).status_code == 201


def test_what_is_stored_reads_back_as_the_same_licence_in_the_same_figures() -> None:
    licence = LicenceBody.model_validate(LICENCE).licence("Europe/Brussels", NOW)
    stored = json.loads(json.dumps(licence_content(licence)))
    assert StoredLicence.model_validate(stored).stored() == licence
    assert licence_view(StoredLicence.model_validate(stored).stored(), NOW) == licence_view(licence, NOW)
    assert stored["lines"][0]["value"] == "250000.00"
    assert licence.lines[0].value == Decimal("250000.00")


def test_a_stored_refusal_reads_back_as_the_same() -> None:
    refusal = RefusalBody.model_validate(REFUSAL).refusal(NOW)
    assert StoredRefusal.model_validate(json.loads(json.dumps(refusal_view(refusal)))).stored() == refusal


def test_an_issue_takes_effect_with_its_first_day_in_the_authoritys_time_zone() -> None:
    late = LicenceBody.model_validate(LICENCE).licence("Europe/Brussels", NOW)
    assert late.statuses[0].status is LicenceStatus.ISSUED
    assert late.statuses[0].effective_at == datetime(2026, 1, 14, 23, 0, tzinfo=UTC)
    early = LicenceBody.model_validate(changed(LICENCE, valid_from="2027-01-01")).licence("Europe/Brussels", NOW)
    assert early.statuses[0].effective_at == NOW


def test_the_longest_prefix_gives_an_authority_its_time_zone() -> None:
    settings = LicensingSettings(time_zones={"ES-": "Europe/Madrid", "ES-CN": "Atlantic/Canary"})
    assert settings.zone_of("ES-CN-1") == "Atlantic/Canary"
    assert settings.zone_of("ES-MD") == "Europe/Madrid"
    assert settings.zone_of("BE-VLG") is None
