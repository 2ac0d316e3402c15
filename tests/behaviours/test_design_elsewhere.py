"""What another Member State cleared: the holder reports it, and its notice is a paper write-off at the customs door."""

from itertools import permutations
from typing import Any

from services.core.messages import ReportChannel
from services.core.values import CountryCode
from tests.behaviours.exchange import Exchange
from tests.behaviours.written import HOLDER, REF, licence
from tests.builders_usage import a_report, months

REPORT = a_report(
    "R/1", "7", channel=ReportChannel.EXPORT, cleared_in=CountryCode("NL"), reported_by="BE0314595348", **months(3, 3)
)


def notice(quantity: str, reference: str = "SAD 1", office: str = "NL000396", **changes: Any) -> dict[str, Any]:
    """What the office there stamped onto the licence, as it is entered from paper: without an MRN."""
    written = {"licence": REF, "type": "X060", "line": 1, "quantity": quantity, "unit": "NAR"}
    return {
        "kind": "paper-write-off",
        "sender": "BE.CUSTOMS",
        "message_id": f"notice {reference} {office}",
        "reference": reference,
        "version": 1,
        "written_off_at": "2026-03-04T10:00:00Z",
        "office": office,
        "officer": "NL-17",
        "procedure": "10",
        "exporter": HOLDER,
        "country_of_destination": "IN",
        "write_offs": [{"description": "isostatic press", "commodity_code": "84798300", **written}],
        **changes,
    }


def told(*messages: Any) -> Exchange:
    exchange = Exchange()
    for message in messages:
        exchange.send(message) if isinstance(message, dict) else exchange.hand(message)
    return exchange


def test_it_is_drawn_once_in_whatever_order_the_doors_hear_of_it() -> None:
    for messages in permutations([licence(), notice("4"), notice("4"), REPORT]):
        exchange = told(*messages)
        assert (exchange.balance(), exchange.findings("quantity.overrun")) == ("0 7 3 3", [])


def test_more_than_is_reported_and_what_our_own_offices_wrote_off_is_drawn_beside_it() -> None:
    assert told(licence(), REPORT, notice("5"), notice("4", "SAD 2")).balance() == "0 9 0 1"
    assert told(licence(), REPORT, notice("3", office="BE343000")).balance() == "0 10 7 0"
