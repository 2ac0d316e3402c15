"""Codes of a declaration against the lists of its day."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from services.core.codes import SHAPES, DatedList
from services.customs.adapters.code_judge import CodeJudge
from services.customs.adapters.code_lists import CodeLists
from services.customs.adapters.intake import Intake, read
from services.customs.domain.codes import fractions, objections
from services.runtime.codec import Codec
from services.runtime.codes.bundled import bundled
from services.runtime.database import Database
from services.runtime.outbox import Outbox
from tests.unit.customs.written import ITEM, as_json, cc515c, declaration

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
BRUSSELS = ZoneInfo("Europe/Brussels")
LISTS = {name: DatedList(bundled(name)) for name in SHAPES}


def found(body: bytes, media_type: str = "application/json") -> list[tuple[str, str]]:
    reading = read(body, media_type, None, BRUSSELS)
    return [(fault.path, fault.code) for fault in objections(reading, LISTS, NOW, BRUSSELS)]


def stated(accepted_at: str = "2026-03-02T08:15:00Z", **document: Any) -> bytes:
    item = declaration()["items"][0]
    documents = [item["documents"][0], item["documents"][0] | document]
    return as_json(declaration(accepted_at=accepted_at, items=[item | {"documents": documents}]))


def test_a_declaration_of_listed_codes_has_none() -> None:
    assert found(as_json(declaration())) == []
    assert found(cc515c(), "application/xml") == []


def test_the_day_of_acceptance_decides_and_begins_at_midnight_in_brussels() -> None:
    place = "/items/0/documents/1/type"
    assert found(stated("2021-09-08T21:59:59Z", type="X002"))[1:] == []
    assert found(stated("2021-09-08T22:00:00Z", type="X002")) == [(place, "code.not-in-force")]
    assert (place, "code.not-in-force") in found(stated("2021-09-08T21:59:59Z", type="X070"))


def test_great_britain_states_document_types_of_its_own_and_northern_ireland_those_of_the_union() -> None:
    place = "/items/0/documents/1/type"
    for country, noticed in {"GB": [], "XI": [(place, "code.not-in-force")]}.items():
        mrn = f"26{country}343000000001A1"
        item = declaration()["items"][0]
        documents = [item["documents"][0], item["documents"][0] | {"type": "X002"}]
        body = as_json(declaration(mrn=mrn, items=[item | {"documents": documents}]))
        assert found(body) == noticed
    older = ITEM.replace("X060", "X002")
    lodged = cc515c(items=older).replace(b">BE343000<", b">GB000051<")
    assert found(lodged, "application/xml") == []


def test_each_code_has_its_place() -> None:
    consignee = {"name": "x", "country": "AN"}
    body = declaration(procedure="98", country_of_destination="ZZ", consignee=consignee)
    assert found(as_json(body)) == [
        ("/procedure", "code.unknown"),
        ("/country_of_destination", "code.unknown"),
        ("/consignee/country", "code.not-in-force"),
    ]
    assert found(stated(unit="KGM#Q")) == [("/items/0/documents/1/unit", "code.unknown")]
    assert found(stated(unit="KGM#G")) == []


def test_a_list_that_is_not_complete_says_nothing_of_what_it_lacks() -> None:
    assert found(stated(type="1ABC")) == []


def test_a_lodged_declaration_is_judged_on_the_day_of_its_message() -> None:
    older = ITEM.replace("X060", "X002")
    assert found(cc515c(items=older), "application/xml") == [("/items/0/documents/0/type", "code.not-in-force")]
    assert found(cc515c(items=older, at="2021-09-08T09:10:00"), "application/xml") == []


def judge(*, refuses: bool) -> CodeJudge:
    database = Database("postgresql://nowhere", name="none", size=2)
    return CodeJudge(CodeLists(database, Outbox(database, "customs", Codec())), lambda: NOW, BRUSSELS, refuses=refuses)


async def test_the_door_warns_and_takes_or_is_set_to_refuse() -> None:
    body = as_json(declaration(country_of_destination="ZZ"))
    warned = await Intake(BRUSSELS, judge(refuses=False)).submission("customs", body, "application/json", None)
    assert [warning.code for warning in warned.reading.warnings] == ["code.unknown"]
    strict = Intake(BRUSSELS, judge(refuses=True))
    refusal = (await strict.submission("customs", body, "application/json", None)).refusal
    assert refusal is not None
    assert refusal.status == 422
    assert [fault.path for fault in refusal.faults] == ["/country_of_destination"]
    # What was taken before is read again without the lists of today.
    assert (await strict.read(body, "application/json", None)).warnings == ()


def test_a_part_of_a_piece_is_noticed_and_a_part_of_a_kilogram_is_not() -> None:
    place = "/items/0/documents/1/quantity"
    for quantity, unit, noticed in (
        ("1.5", "NAR", [(place, "quantity.fractional")]),
        ("0.000001", "NPR", [(place, "quantity.fractional")]),
        ("2.000", "NAR", []),
        ("1.5", "KGM", []),
    ):
        reading = read(stated(quantity=quantity, unit=unit), "application/json", None, BRUSSELS)
        assert [(fault.path, fault.code) for fault in fractions(reading)] == noticed
