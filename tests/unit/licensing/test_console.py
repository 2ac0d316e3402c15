"""Pages of the licensing door: what they show, that they escape it, and that their links lead somewhere."""

import base64
from collections.abc import Iterator
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any, cast

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from lxml import html

from services.core.messages import (
    Basis,
    Licence,
    LicenceLine,
    LicenceStatus,
    LicenceType,
    Party,
    Requirements,
    StatusChange,
)
from services.core.values import Eori, LicenceRef
from services.licensing.adapters.console.http import console_router
from services.licensing.adapters.search import Page, Search

AT = datetime(2026, 2, 1, tzinfo=UTC)
HOLDER = Party(eori=Eori("BE0314595348"), name="Presses <& Sons>")


def licence(number: int) -> Licence:
    return Licence(
        ref=LicenceRef(f"VL/2026/{number:06}"),
        revision=1,
        type=LicenceType.INDIVIDUAL,
        authority="BE-VLG",
        holder=HOLDER,
        valid_from=date(2026, 1, 1),
        time_zone="Europe/Brussels",
        requires=Requirements(federal_authorisation=True, end_use_certificate=False, state_guarantee=False),
        lines=(LicenceLine(line=1, description="isostatic press", control_code="2B204", basis=Basis.OPEN),),
        statuses=(StatusChange(status=LicenceStatus.ISSUED, effective_at=AT),),
        changed_at=AT,
    )


class Register:
    """Sixty licences of one holder."""

    known = tuple(licence(number) for number in range(1, 61))

    async def licence(self, ref: str) -> Licence | None:
        return next((one for one in self.known if one.ref == ref), None)

    async def licences(self, holder: str | None, status: LicenceStatus | None, at: datetime, page: Page) -> Any:
        found = [one for one in self.known if one.ref > page.after and holder in (None, one.holder.eori)]
        return found[: page.limit] if at >= AT and status in (None, LicenceStatus.ISSUED) else []


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    app = FastAPI()
    app.include_router(console_router(cast(Search, Register())))
    with TestClient(app) as client:
        yield client


def page(client: TestClient, path: str, status: int = 200) -> Any:
    answer = client.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    return html.fromstring(answer.text)


def cells(tree: Any, column: int) -> list[str]:
    return [cell.text_content().strip() for cell in tree.xpath(f"//tbody/tr/td[{column}]")]


def test_the_control_list_is_searched_by_code_and_by_words(client: TestClient) -> None:
    by_code = cells(page(client, "/console/control-list?q=2b204"), 1)
    assert by_code[0] == "2B204"
    assert all(code.startswith("2B204") for code in by_code)
    assert "2B204" in cells(page(client, "/console/control-list?q=isostatic+presses"), 1)


def test_the_next_page_goes_on_where_the_first_ended(client: TestClient) -> None:
    first = page(client, "/console/control-list?q=2")
    (following,) = first.xpath("//a[.='Next page']/@href")
    codes = cells(first, 1)
    assert len(codes) == 50
    assert not set(codes) & set(cells(page(client, following), 1))


def test_a_day_before_all_versions_is_said(client: TestClient) -> None:
    assert "No version" in page(client, "/console/control-list?at=2001-01-01").text_content()


def test_licences_are_found_by_holder_and_status(client: TestClient) -> None:
    tree = page(client, "/console/licences?holder=be0314595348&status=issued")
    assert cells(tree, 1)[0] == "VL/2026/000001"
    assert len(cells(tree, 1)) == 50
    assert len(cells(page(client, tree.xpath("//a[.='Next page']/@href")[0]), 1)) == 10
    assert cells(page(client, "/console/licences?status=revoked"), 1) == []


def test_a_licence_shows_its_lines_and_what_else_it_needs(client: TestClient) -> None:
    (link,) = page(client, "/console/licences").xpath("//a[.='VL/2026/000007']/@href")
    shown = page(client, link).text_content()
    assert all(said in shown for said in ("Presses <& Sons>", "2B204", "isostatic press", "federal authorisation"))


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ("ref=VL/9", 404, "No licence has the reference VL/9."),
        ("holder=12", 200, "Holder:"),
        ("ref=%3Cscript%3E", 404, "<script>"),
    ],
)
def test_what_cannot_be_found_is_said_above_the_form(client: TestClient, query: str, status: int, said: str) -> None:
    tree = page(client, f"/console/licences?{query}", status)
    assert said in tree.xpath("string(//p[@class='fault'])")
    assert not tree.xpath("//script")


def test_the_style_is_the_one_that_the_policy_allows(client: TestClient) -> None:
    answer = client.get("/console/licences")
    style = str(html.fromstring(answer.text).xpath("string(//style)"))
    digest = base64.b64encode(sha256(style.encode()).digest()).decode()
    assert f"'sha256-{digest}'" in answer.headers["content-security-policy"]
