"""The oracle and the audit can say no: whatever is altered in the entries of a licence is found."""

from collections import defaultdict
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from services.core.messages import Demand, Entry, Licence, LicenceStatus, Phase, Requirements
from services.core.values import Unit
from services.runtime.codec import Codec
from tests.behaviours.exchange import Exchange
from tests.builders import ISSUED, REF, a_demand, a_licence, a_status, an_authorisation, mrn
from tests.integration.faults.audit import Audit
from tests.integration.faults.load import Load, Message
from tests.integration.faults.plain import Plain, plain
from tests.ledger_play import Play

Entries = list[Plain]
SEED = 1
Alteration = Callable[[Entries], object]


class Recorded:
    """A small load handled in memory: the entries of each licence, and the messages in the order they were consumed."""

    def __init__(self, seed: int) -> None:
        exchange, load, codec = Exchange(), Load(seed, 3, 300), Codec()
        exchange.send(*load.issues())
        for event in load.stream():
            if isinstance(event, Message):
                exchange.send(event.body)
            elif event.status is not None:
                exchange.step(event.status["status"], event.status["effective_at"], event.ref)
        self.consumed: dict[str, tuple[int, Plain]] = {}
        self.entries: dict[str, Entries] = defaultdict(list)
        for output in exchange.outputs:
            if isinstance(output, Demand):
                self._consume(output, codec)
            elif isinstance(output, Entry):
                if output.terms is not None:
                    self._consume(output.terms, codec)
                self.entries[output.licence].append(plain(codec.encode(output)))

    def _consume(self, message: Demand | Licence, codec: Codec) -> None:
        self.consumed[message.identity] = len(self.consumed), plain(codec.encode(message))

    def audit(self, licence: str, entries: Entries) -> Audit:
        return Audit(licence, self.consumed.get).follow(entries)


@pytest.fixture(scope="module")
def recorded() -> Recorded:
    return Recorded(SEED)


def test_the_oracle_agrees_with_what_is_right(recorded: Recorded) -> None:
    audits = [recorded.audit(licence, entries) for licence, entries in recorded.entries.items()]
    assert [audit.wrong for audit in audits if audit.wrong] == []
    assert set().union(*(audit.causes for audit in audits)) == recorded.consumed.keys()


def _last(entries: Entries, cause: str) -> Plain:
    return next(entry for entry in reversed(entries) if entry["cause"] == cause and entry["balances"])


def _more_consumed(entries: Entries) -> None:
    amounts = _last(entries, "DEMAND")["balances"][0]
    (amounts["quantity"] or amounts["value"])["consumed"] += Decimal("0.000001")


def _other_verdict(entries: Entries) -> None:
    draw = next(d for e in reversed(entries) if e["shipment"] for d in e["shipment"]["draws"])
    draw["verdict"] = "REFUSED" if draw["verdict"] == "COVERED" else "COVERED"


def _decided_twice(entries: Entries) -> None:
    again = deepcopy(_last(entries, "DEMAND"))
    entries.append({**again, "revision": entries[-1]["revision"] + 1, "previous_hash": entries[-1]["hash"]})


def _not_judged_again(entries: Entries) -> None:
    """As if the last judgement made again that changed anything had never been, nor what follows it."""
    seen: dict[str, list[tuple[str, Decimal]]] = {}
    place = 0
    for number, entry in enumerate(entries):
        if (shipment := entry["shipment"]) is not None:
            stands = [(draw["verdict"], draw["reserved_quantity"]) for draw in shipment["draws"]]
            if entry["cause"] == "REJUDGED" and seen[shipment["mrn"]] != stands:
                place = number
            seen[shipment["mrn"]] = stands
    entries[place:] = []


def _swapped(entries: Entries) -> None:
    """Two demands in the other order, each with the number and the hash of the other."""
    places = [n for n, entry in enumerate(entries) if entry["cause"] == "DEMAND"][:2]
    one, other = (entries[n] for n in places)
    chain = ("revision", "hash", "previous_hash")
    entries[places[0]], entries[places[1]] = (
        {**other, **{name: one[name] for name in chain}},
        {**one, **{name: other[name] for name in chain}},
    )


def _without_cause(entries: Entries) -> None:
    _last(entries, "DEMAND")["cause_id"] = "of no message"


@pytest.mark.parametrize(
    "alter",
    [
        _more_consumed,
        _other_verdict,
        _decided_twice,
        _not_judged_again,
        _swapped,
        _without_cause,
        lambda entries: entries.pop(len(entries) // 2),
        lambda entries: entries.pop(0),
    ],
)
def test_what_is_altered_is_found(alter: Alteration, recorded: Recorded) -> None:
    licence = max(recorded.entries, key=lambda ref: sum(e["cause"] == "REJUDGED" for e in recorded.entries[ref]))
    altered = deepcopy(recorded.entries[licence])
    alter(altered)
    assert recorded.audit(licence, altered).wrong != []


def test_no_end_is_missed(recorded: Recorded) -> None:
    """Without the last entries, messages are left that nothing decided."""
    licence, entries = max(recorded.entries.items(), key=lambda found: len(found[1]))
    whole, cut = recorded.audit(licence, entries), recorded.audit(licence, entries[:-5])
    assert whole.causes > cut.causes or cut.wrong


def test_the_oracle_knows_what_stands_beside_a_licence() -> None:
    """The legs come, lapse and are counted; the naive account asks for the same entries."""
    requires = Requirements(federal_authorisation=True, end_use_certificate=False, state_guarantee=False)
    play, codec, consumed = Play(), Codec(), dict[str, tuple[int, Plain]]()
    limited = an_authorisation(quantity=Decimal(1), unit=Unit("NAR"), items=("2B204",))
    revoked = (ISSUED, a_status(LicenceStatus.REVOKED, datetime(2026, 2, 1, tzinfo=UTC)))
    messages = [
        a_demand(mrn=mrn(1)),
        a_licence(requires=requires),
        limited,
        a_demand(mrn=mrn(2)),
        a_demand(mrn=mrn(3), phase=Phase.RELEASED),
        a_demand(mrn=mrn(1), revision=2, phase=Phase.INVALIDATED),
        replace(limited, revision=2, quantity=Decimal(9)),
        replace(limited, revision=3, statuses=revoked),
    ]
    for message in messages:
        consumed[message.identity] = len(consumed), plain(codec.encode(message))
        play.hand(message)
    entries = [plain(codec.encode(entry)) for entry in play.entries]
    audit = Audit(REF, consumed.get).follow(entries)
    assert (audit.wrong, set(audit.causes)) == ([], set(consumed))
    entries[2]["shipment"] = None
    assert Audit(REF, consumed.get).follow(entries).wrong
