"""A pre-lodged WCO declaration on real engines: registered under its MRN, accepted when its goods are there, once."""

from pathlib import Path

from services.core.messages import DeclarationAccepted, DeclarationAmended, GoodsPresented
from services.runtime.settings import RuntimeSettings
from tests.integration.customs_installation import Door, door
from tests.integration.installation import Installation
from tests.integration.test_customs_door import facts
from tests.unit.customs.test_requests import answered, asked

OURS = Path(__file__).parents[1] / "contract" / "samples" / "ours"
REGISTERED = (OURS / "02_DMSRCV.xml").read_bytes()
ACCEPTED = REGISTERED.replace(b">02<", b">01<").replace(b"20241102", b"20241103")
AGAIN = ACCEPTED.replace(b"20241103", b"20241104")


def about(request: bytes) -> bytes:
    """A request or an answer for the declaration of these samples."""
    return request.replace(b"24GB0YVJ3EXXES8AA0", b"24GB9WRD7U2Y5ISAA2")


async def standing(one: Door, body: bytes) -> tuple[str | None, str | None]:
    """The fact a message states and the note on it, as its sender is told."""
    taken = (await one.post(body)).json()
    found = (await one.get(f"/messages/{taken['id']}")).json()
    return found["fact_id"] and taken["id"], found["reason"]


async def test_a_registration_is_accepted_once(runtime_settings: RuntimeSettings) -> None:
    async with door(runtime_settings) as one:
        assert (await one.post((OURS / "EXD_two_consignees.xml").read_bytes())).status_code == 202
        registered, _ = await standing(one, REGISTERED)
        for body in (asked(10), answered(11)):
            assert (await one.post(about(body))).status_code == 202
        presented, _ = await standing(one, ACCEPTED)
        repeated, note = await standing(one, AGAIN)
        assert (repeated, note) == (None, "a repeat: this MRN was accepted before")
    made, changed, there = await facts(Installation.of(runtime_settings), 3)
    assert isinstance(changed, DeclarationAmended), "granted before the goods are there: they are still to be presented"
    assert isinstance(made, DeclarationAccepted)
    assert (made.fact_id, made.pre_lodged, len(made.items)) == (registered, True, 2)
    assert isinstance(there, GoodsPresented)
    assert (there.fact_id, there.mrn) == (presented, made.mrn)
