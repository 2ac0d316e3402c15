"""Files of the LITE exchange: read, mapped to licences, paired to updates, and answered."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import httpx
import pytest

from services.core.errors import Refused
from services.core.messages import Basis, Condition, Licence, LicenceStatus, LicenceType, PeriodLimit
from services.core.values import CountryCode
from services.licensing.adapters.faults import Authorities
from services.licensing.adapters.lite.asking import Asked, Asking, ReplaceTerms
from services.licensing.adapters.lite.http import lite_router
from services.licensing.adapters.lite.records import read
from services.licensing.adapters.lite.register import EnterFile
from services.licensing.adapters.lite.reply import Answer, answered, file_errors, licence_reply
from services.licensing.domain.lite import UNITS, LiteExchange, follows, out_of_order
from services.licensing.handlers import ChangeStatus, IssueLicence
from services.runtime.http import application
from tests.builders_lite import GOODS, LICENCE, PARTIES, file, licence, numbered

AT = datetime(2026, 2, 1, 9, tzinfo=UTC)
EXCHANGE = LiteExchange(authority="BE-VLG", control_codes={"8479": "2B204"}, country_groups={"EU": ["FR", "DE"]})
AUTHORITIES = Authorities(lambda _: "Europe/London", lambda _: 2)
Faults = list[tuple[str, str]]


def asked(content: bytes, exchange: LiteExchange = EXCHANGE) -> list[Asked]:
    found = read(content)
    assert found.faults == ()
    return Asking(found, exchange, AUTHORITIES, AT).all()


def issued(*lines: str, parties: Sequence[str] = PARTIES) -> Licence:
    (one,) = asked(file(1, licence("insert", lines=lines or (GOODS,), parties=parties)))
    assert isinstance(one.command, IssueLicence), getattr(one.command, "faults", None)
    return one.command.licence


def refused(one: str) -> Faults:
    (found,) = asked(file(1, one))
    assert isinstance(found.command, Refused)
    return [(fault.path, fault.code) for fault in found.command.faults]


def test_each_field_of_a_licence_is_where_the_document_says() -> None:
    made = issued()
    assert (made.ref, made.type, made.authority) == (LICENCE, LicenceType.INDIVIDUAL, "BE-VLG")
    assert (made.holder.eori, made.holder.name) == ("GB123456789000", "Presses Ltd")
    assert made.holder.address == "Mill Lane 1, Leeds, LS1 1AA"
    assert (made.valid_from.isoformat(), str(made.valid_to)) == ("2026-02-01", "2028-01-31")
    assert made.destinations == ("IN",)
    assert [(user.name, user.country) for user in made.end_users] == [("Bharat Forge", "IN")]
    assert made.additional_information == "Provisos may apply\nsee the licence"
    assert made.change is not None
    assert made.change.reason == "licenceData of SPIRE, run 1"
    (line,) = made.lines
    assert (line.line, line.description, line.control_code) == (1, "isostatic press", "2B204")
    assert (line.basis, line.quantity, line.unit) == (Basis.QUANTITY, Decimal(10), "NAR")
    assert line.commodity_codes == ("84798300",)


def test_value_both_open_and_a_limit_of_days() -> None:
    made = issued(
        "line\\1\\84798300\\\\\\\\press\\V\\GBP\\\\1000.50\\\\\\\\\\\\\\",
        "line\\2\\\\\\\\2B204\\press\\B\\GBP\\030\\2000\\4\\30\\2\\1000\\\\\\",
        "line\\3\\\\\\\\2B204\\press\\O",
    )
    assert [(line.basis, line.value, line.currency) for line in made.lines] == [
        (Basis.VALUE, Decimal("1000.50"), "GBP"),
        (Basis.BOTH, Decimal(2000), "GBP"),
        (Basis.OPEN, None, "GBP"),
    ]
    assert made.lines[1].periods == (PeriodLimit(days=30, quantity=Decimal(2), value=Decimal(1000)),)


def test_countries_may_be_groups_or_left_out() -> None:
    trader, _, foreign = PARTIES
    made = issued(parties=(trader, "country\\IN\\\\D", "country\\\\EU\\E", foreign))
    assert (made.destinations, set(made.excluded_destinations)) == (("IN",), {"FR", "DE"})
    assert issued(parties=(trader, foreign)).destinations == ("IN",)


@pytest.mark.parametrize(("code", "unit"), UNITS.items())
def test_a_quantity_code_is_a_unit(code: str, unit: str) -> None:
    assert issued(GOODS.replace("\\030\\", f"\\{code}\\")).lines[0].unit == unit


TRADER = PARTIES[0]
WRONG: dict[str, tuple[str, Faults]] = {
    "action": (licence("insert").replace("\\insert\\", "\\update\\"), [("line 2 action", "action")]),
    "type": (licence("insert").replace("\\SIE\\", "\\XXX\\"), [("line 2 type", "type")]),
    "import": (licence("insert").replace("\\E\\2026", "\\I\\2026", 1), [("line 2 usage", "usage")]),
    "day": (
        licence("insert").replace("20260201", "20260231"),
        [("line 2 start", "date")],
    ),
    "eori": (licence("insert").replace("GB1234", "?"), [("line 3 eori", "eori")]),
    "two holders": (licence("insert", parties=(TRADER, *PARTIES)), [("line 4", "trader-repeated")]),
    "days of a trader": (
        licence("insert", parties=(TRADER.replace("20280131", "20270131"), *PARTIES[1:])),
        [("line 3 end", "trader-days")],
    ),
    "group": (licence("insert", parties=(TRADER, "country\\\\G9\\D")), [("line 4 group", "country-group")]),
    "country": (licence("insert", parties=(TRADER, "country\\in\\\\D", PARTIES[2])), [("line 4 code", "country")]),
    "origin": (licence("insert", parties=(*PARTIES, "country\\IN\\\\O")), [("line 6 use", "country-use")]),
    "unit": (licence("insert", lines=(GOODS.replace("030", "094"),)), [("line 7 unit", "unit")]),
    "controlled": (licence("insert", lines=(GOODS.replace("\\Q\\", "\\X\\"),)), [("line 7 controlled", "controlled")]),
    "quantity": (licence("insert", lines=(GOODS.replace("\\10\\", "\\ten\\"),)), [("line 7 quantity", "decimal")]),
    "entry": (
        licence("insert", lines=(GOODS.replace("84798300", "99998300"),)),
        [("line 7 group", "missing")],
    ),
    "additional code": (
        licence("insert", lines=(GOODS.replace("84798300\\", "84798300\\X"),)),
        [("line 7 supplement1", "not-supported")],
    ),
    "rate": (licence("insert", lines=(GOODS[:-2] + "5\\\\",)), [("line 7 rate", "not-supported")]),
    "record": (licence("insert", lines=(GOODS, "lines\\1")), [("line 8", "record-unknown")]),
    "fields": (licence("insert", lines=(f"{GOODS}\\",)), [("line 7", "fields")]),
    "no lines": (licence("insert", lines=()), [("line 2 lines", "lines-missing")]),
    "reference": (licence("cancel").replace(LICENCE, "X" * 71), [("line 2 reference", "reference")]),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_with_a_licence_is_at_its_line_and_field(name: str) -> None:
    one, faults = WRONG[name]
    assert refused(one) == faults


GOOD = file(1, licence("cancel")).decode().splitlines()
BROKEN = {
    "a line is missing": ([GOOD[0], *GOOD[2:]], ["line 2"]),
    "no trailer": (GOOD[:-1], ["line 3"]),
    "count of licences": ([*GOOD[:-1], "4\\fileTrailer\\2"], ["line 4"]),
    "count of records": ([*GOOD[:2], "3\\end\\licence\\3", GOOD[3]], ["line 3"]),
    "below the trailer": ([*GOOD, "5\\end\\licence\\2"], ["line 5"]),
    "no end": ([*GOOD[:2], "3\\fileTrailer\\1"], ["line 3"]),
    "outside": ([GOOD[0], "2\\country\\IN\\\\D", "3\\fileTrailer\\0"], ["line 2"]),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_file_that_is_not_whole_says_where(name: str) -> None:
    lines, places = BROKEN[name]
    found = {fault.path for fault in read("\n".join(lines).encode()).faults}
    assert found >= set(places)


@pytest.mark.parametrize(
    ("header", "place"),
    [
        ("fileHeader\\SPIRE\\CHIEF\\usageData\\202602010900\\1\\N", "line 1"),
        ("fileHeader\\SPIRE\\CHIEF\\licenceData\\202602010900\\x\\N", "line 1 run"),
        ("fileHeader\\SPIRE\\CHIEF\\licenceData\\202602010900\\100000\\N", "line 1 run"),
        ("fileHeader\\SPIRE\\CHIEF\\licenceData\\202602010900\\1\\?", "line 1 reset"),
        ("fileHeader\\\\CHIEF\\licenceData\\202602010900\\1\\N", "line 1 source"),
        ("hello", "line 1"),
    ],
)
def test_without_a_header_there_is_no_file(header: str, place: str) -> None:
    with pytest.raises(Refused) as refusal:
        read(numbered([header, "fileTrailer\\0"]))
    assert place in [fault.path for fault in refusal.value.faults]


@pytest.mark.parametrize("content", [b"\xff", b"1\\fileHeader\\\x00", b""])
def test_what_is_no_text_is_no_file(content: bytes) -> None:
    with pytest.raises(Refused):
        read(content)


def test_a_file_of_more_records_than_its_licences_can_have_is_not_looked_at() -> None:
    with pytest.raises(Refused) as refusal:
        read(b"1\\fileHeader\\ICMS\\CHIEF\\licenceData\\202611301200\\1\\N\n" + b"x\n" * 500_000)
    assert refusal.value.status == 413


def test_a_cancel_with_the_next_reference_below_it_is_an_update_and_another_is_none() -> None:
    after, other = f"{LICENCE}/A", "GBSIEL/2026/0000008/P"
    update, cancel, insert = asked(
        file(1, licence("cancel"), licence("insert", after), licence("cancel", other), licence("insert"))
    )
    assert isinstance(update.command, IssueLicence)
    assert (update.command.licence.ref, update.command.licence.replaces) == (after, LICENCE)
    assert len(update.transactions) == 2
    assert isinstance(cancel.command, ChangeStatus)
    assert (cancel.command.ref, cancel.command.status) == (other, LicenceStatus.REVOKED)
    assert isinstance(insert.command, IssueLicence)
    assert insert.command.licence.replaces is None


@pytest.mark.parametrize(
    ("new", "old", "expected"),
    [
        ("X/P/A", "X/P", True),
        ("X/P/B", "X/P/A", True),
        ("X/P", "Y/P", False),
        ("X/P", "X/P", False),
        ("X/1", "X", False),
    ],
)
def test_the_next_reference_has_one_letter_more_or_another(*, new: str, old: str, expected: bool) -> None:
    assert follows(new, old) is expected


def test_a_replacement_keeps_what_a_file_cannot_say() -> None:
    (one,) = asked(file(1, licence("replace", lines=(GOODS.replace("\\10\\", "\\12\\"),))))
    assert isinstance(one.command, ReplaceTerms)
    consent = Condition(code="re-export-consent", text=None)
    made = one.command.amending(replace(issued(), conditions=(consent,))).terms
    assert made.lines[0].quantity == Decimal(12)
    assert made.revision == 1
    assert made.conditions == (consent,)
    assert made.additional_information == "Provisos may apply\nsee the licence"


def test_a_replacement_keeps_nothing_that_a_file_can_say_and_does_not() -> None:
    national, end = (("\\SIE\\", "\\OGE\\"), ("\\20280131", "\\"))
    whole = licence("insert").replace(*national)
    (before,) = asked(file(1, whole))
    assert isinstance(before.command, IssueLicence)
    less = [line for line in whole.replace("insert", "replace").split("\n") if not line.startswith("restrictions")]
    shorter = "\n".join(less).replace(*end).replace("end\\licence\\7", "end\\licence\\6")
    (one,) = asked(file(1, shorter))
    assert isinstance(one.command, ReplaceTerms), one.command
    held = replace(before.command.licence, excluded_destinations=(CountryCode("RU"),))
    made = one.command.amending(held).terms
    assert (made.additional_information, made.valid_to, made.excluded_destinations) == (None, None, ())


@pytest.mark.parametrize(
    ("run", "last", "code"),
    [
        (1, None, None),
        (2, None, "run-gap"),
        (6, 5, None),
        (7, 5, "run-gap"),
        (5, 5, "run-taken"),
        (4, 5, "run-taken"),
        (0, 99_999, None),
        (1, 99_999, "run-gap"),
        (99_999, 0, "run-taken"),
    ],
)
def test_files_come_in_order(run: int, last: int | None, code: str | None) -> None:
    fault = out_of_order(run, last, 1)
    assert (fault and fault.code) == code


def test_the_reply_counts_and_names_each_licence() -> None:
    found = read(file(3, licence("cancel"), licence("insert", lines=(GOODS.replace("030", "094"),))))
    asked_of = Asking(found, EXCHANGE, AUTHORITIES, AT).all()
    outcomes = [one.command if isinstance(one.command, Refused) else None for one in asked_of]
    reply = licence_reply(answered(found, asked_of, outcomes, AT)).splitlines()
    assert reply[0] == "1\\fileHeader\\CHIEF\\SPIRE\\licenceReply\\202602010900\\3"
    assert reply[1:3] == ["2\\accepted\\20260000007P", "3\\rejected\\20260000007P"]
    assert reply[3].startswith("4\\error\\DATA\\line 9 unit: unit: no unit of ours")
    assert reply[4:] == ["5\\end\\rejected\\3", "6\\fileTrailer\\1\\1\\0"]


def test_the_reply_to_a_file_that_was_not_entered_counts_its_errors() -> None:
    fault = out_of_order(7, 5, 1)
    assert fault is not None
    reply = file_errors(read(file(7, licence("cancel"))), [fault], AT).splitlines()
    assert reply[1].startswith("2\\fileError\\RUN\\line 1 run: run-gap: ")
    assert reply[2] == "3\\fileTrailer\\0\\0\\1"


async def test_without_an_authority_or_text_there_is_no_exchange() -> None:
    async def never(_: EnterFile) -> Answer:
        raise AssertionError("nothing is entered")

    async def ready() -> dict[str, bool]:
        return {}

    for exchange, kind, status in ((LiteExchange(), "text/plain", 404), (EXCHANGE, "application/json", 415)):
        app = application("test", [lite_router(never, exchange, AUTHORITIES)], ready, lambda: True)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://door") as client:
            answer = await client.post("/v1/lite/licence-data", content=file(1), headers={"content-type": kind})
        assert answer.status_code == status
