"""When a webhook is sent, where it may go, and how both ends agree on a signature."""

import ipaddress
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError
from standardwebhooks import Webhook

from services.alerting.adapters.alert_store import webhook_body
from services.alerting.adapters.receiver import make_receiver
from services.alerting.settings import AlertingSettings
from services.runtime.webhook.egress import Forbidden, may_receive, resolve
from services.runtime.webhook.retry import GIVE_UP_AFTER, LONGEST, Outcome, delay, outcome
from tests.builders_alerting import SECRET, a_finding
from tests.unit.alerting.test_alert import after


@pytest.mark.parametrize(
    ("status", "age", "expected"),
    [
        (200, timedelta(0), Outcome.DELIVERED),
        (204, GIVE_UP_AFTER * 2, Outcome.DELIVERED),
        (410, timedelta(0), Outcome.GONE),
        (302, timedelta(0), Outcome.RETRY),
        (500, timedelta(0), Outcome.RETRY),
        (None, timedelta(0), Outcome.RETRY),
        (500, GIVE_UP_AFTER, Outcome.FAILED),
    ],
)
def test_an_answer_decides_what_becomes_of_a_delivery(status: int | None, age: timedelta, expected: Outcome) -> None:
    assert outcome(status, age) is expected


@given(st.integers(1, 10_000), st.floats(0, 1, exclude_max=True))
def test_the_pause_grows_to_an_hour_and_is_never_less_than_half(attempt: int, spread: float) -> None:
    full = min(timedelta(seconds=1) * 2 ** min(attempt - 1, 30), LONGEST)
    assert full / 2 <= delay(attempt, spread) <= full


@pytest.mark.parametrize(
    ("address", "where"),
    [
        ("93.184.216.34", "public"),
        ("2606:2800:220:1::1", "public"),
        ("127.0.0.1", "inside"),
        ("10.1.2.3", "inside"),
        ("192.168.0.1", "inside"),
        ("::1", "inside"),
        ("fd00::1", "inside"),
        ("169.254.169.254", "never"),
        ("fe80::1", "never"),
        (str(ipaddress.IPv4Address(0)), "never"),
        ("224.0.0.1", "never"),
        ("::ffff:127.0.0.1", "inside"),
        ("::ffff:169.254.169.254", "never"),
        ("64:ff9b::a9fe:a9fe", "never"),
        ("2002:7f00:1::", "inside"),
        ("100.64.0.1", "never"),
    ],
)
def test_only_public_addresses_receive_unless_private_ones_are_allowed(address: str, where: str) -> None:
    parsed = ipaddress.ip_address(address)
    assert may_receive(parsed, allow_private=False) is (where == "public")
    assert may_receive(parsed, allow_private=True) is (where != "never")


async def test_the_checked_address_is_the_one_connected_to() -> None:
    target = await resolve("http://127.0.0.1:8080/hook?x=1", allow_private=True)
    assert (target.url, target.host_header) == ("http://127.0.0.1:8080/hook?x=1", "127.0.0.1:8080")
    named = await resolve("https://localhost/hook", allow_private=True)
    assert named.url in {"https://127.0.0.1:443/hook", "https://[::1]:443/hook"}
    assert (named.host_header, named.tls_name) == ("localhost", "localhost")


@pytest.mark.parametrize("url", ["http://127.0.0.1/", "http://localhost/", "http://[::1]/", "http://2130706433/"])
async def test_a_url_that_leads_inside_is_forbidden(url: str) -> None:
    with pytest.raises(Forbidden):
        await resolve(url, allow_private=False)


@pytest.mark.parametrize(
    "settings",
    [
        {"webhook_url": "https://hooks.example/a"},
        {"webhook_url": "https://hooks.example:99999/a", "webhook_secret": SECRET},
        {"webhook_url": "ftp://hooks.example/a", "webhook_secret": SECRET},
        {"webhook_url": "https://user:word@hooks.example/a", "webhook_secret": SECRET},
        {"webhook_url": "https://hooks.example/a", "webhook_secret": "whsec_c2hvcnQ="},
        {"webhook_url": "https://hooks.example/a", "webhook_secret": SECRET.removeprefix("whsec_")},
    ],
)
def test_a_webhook_that_cannot_work_stops_the_start(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as error:
        AlertingSettings(**settings)
    assert "whsec_c2" not in str(error.value)


def test_the_secret_shows_nowhere() -> None:
    settings = AlertingSettings(webhook_url="https://hooks.example/a", webhook_secret=SecretStr(SECRET))
    assert SECRET not in repr(settings)


async def received(body: bytes, headers: dict[str, str]) -> tuple[int, list[tuple[str, dict[str, Any]]]]:
    alerts: list[tuple[str, dict[str, Any]]] = []
    app = make_receiver(SECRET, lambda name, payload: alerts.append((name, payload)))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://hook") as client:
        answer = await client.post("/", content=body, headers=headers)
    return answer.status_code, alerts


def signed(body: str, at: datetime, secret: str = SECRET) -> dict[str, str]:
    return {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign("msg_1", at, body),
    }


async def test_the_receiver_takes_what_is_signed_and_hands_over_the_alert() -> None:
    body = webhook_body(after(a_finding()))
    status, alerts = await received(body.encode(), signed(body, datetime.now(UTC)))
    assert status == 204
    assert alerts == [("msg_1", json.loads(body))]
    assert alerts[0][1]["type"] == "alert.opened"
    assert alerts[0][1]["data"]["code"] == "quantity.overrun"


@pytest.mark.parametrize("fault", ["other secret", "other body", "old", "no signature", "no text"])
async def test_the_receiver_takes_nothing_else(fault: str) -> None:
    body, now = webhook_body(after(a_finding())), datetime.now(UTC)
    headers = signed(body, now)
    if fault == "other secret":
        headers = signed(body, now, "whsec_" + "YW5vdGhlciBzZWNyZXQgb2YgdGhlIHRlc3RzLi4u")
    if fault == "old":
        headers = signed(body, now - timedelta(minutes=6))
    if fault == "no signature":
        headers = {}
    sent = {"other body": body.replace("quantity", "value").encode(), "no text": b"\xff"}.get(fault, body.encode())
    assert await received(sent, headers) == (401, [])
