"""The exchange in memory, from the JSON of API.md to balances, verdicts and findings: doors, both folds, no engines."""

import json
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from services.core.message import Message
from services.core.messages import (
    Authorisation,
    Cover,
    Demand,
    Entry,
    Finding,
    Licence,
    LicenceStatus,
    Shipment,
    StatusChange,
    UsageReport,
    Verdict,
)
from services.customs import handlers as customs
from services.customs.adapters.intake import read
from services.customs.domain.reading import Logged, message_id
from services.licensing.adapters.bodies import LicenceBody
from services.reconciliation.adapters.views import ledger_view, word
from services.reconciliation.domain.invariants import violations
from services.reconciliation.domain.ledger import LicenceLedger, to_record
from services.reconciliation.domain.rule_set import RuleSet
from services.reconciliation.domain.rules import DEFAULT_RULE_SET
from services.reconciliation.domain.shipment import empty
from services.reconciliation.domain.verification import verify
from services.reconciliation.handlers.ledger import answer_demand, new_ledger, record_authorisation, record_licence
from services.reconciliation.handlers.usage import record_usage
from services.reconciliation.topology import SHIPMENT_HANDLERS
from tests.behaviours.written import REF, licence
from tests.ledger_play import recorded

ZONE = "Europe/Brussels"
NOW = datetime(2026, 3, 5, 12, 0, tzinfo=UTC)


class Exchange:
    """Send it what customs and the authority write; look at what stands. Invariants hold after every message."""

    def __init__(self, *messages: dict[str, Any], rule_set: RuleSet = DEFAULT_RULE_SET, answering: bool = True) -> None:
        self.rule_set = rule_set
        self.answering = answering
        """Whether covers reach the shipments; false: they wait until `answer`."""
        self.outputs: list[Message] = []
        self.shipments: dict[str, Shipment] = {}
        self._ledgers: dict[str, LicenceLedger] = {}
        self._covers: list[Cover] = []
        self.send(*messages)

    def send(self, *messages: dict[str, Any]) -> "Exchange":
        """Customs messages and licences, as their senders write them."""
        for message in messages:
            self.hand(self._fact(message) if "kind" in message else self._licence(message))
        return self

    def amend(self, ref: str = REF, **changes: Any) -> "Exchange":
        """The authority amends the licence: its next revision, with other fields."""
        known = self._terms(ref)
        body = LicenceBody.model_validate(licence(ref=ref, **changes))
        return self.hand(body.revision_of(known.revision + 1, ZONE, known.statuses, NOW))

    def step(self, status: str, effective_at: str, ref: str = REF) -> "Exchange":
        """A step in the life of the licence."""
        known = self._terms(ref)
        at = datetime.fromisoformat(effective_at)
        steps = (*known.statuses, StatusChange(status=LicenceStatus(status.upper()), effective_at=at))
        return self.hand(replace(known, revision=known.revision + 1, statuses=steps))

    def hand(self, *messages: Message) -> "Exchange":
        """Messages as they are on their topics, and all that follows from each."""
        for message in messages:
            waiting = deque([message])
            while waiting:
                outputs = self._handle(waiting.popleft())
                self.outputs += outputs
                self._covers += [] if self.answering else [o for o in outputs if isinstance(o, Cover)]
                onwards = (Demand, Cover) if self.answering else (Demand,)
                waiting += [output for output in outputs if isinstance(output, onwards)]
        assert list(verify(recorded(self.all(Entry)))) == []
        return self

    def answer(self, *, in_reverse: bool = False) -> "Exchange":
        """Covers that waited reach their shipments."""
        waiting, self._covers = self._covers, []
        return self.hand(*(reversed(waiting) if in_reverse else waiting))

    def _fact(self, message: dict[str, Any]) -> Message:
        body = json.dumps(message).encode()
        reading = read(body, "application/json", None, ZoneInfo(ZONE))
        assert reading.identity is not None
        name, digest = message_id("customs", reading.identity), sha256(body).hexdigest()
        logged = Logged(id=name, party="customs", sha256=digest, received_at=NOW, reading=reading)
        [fact] = customs.facts([customs.receive(logged)])
        return fact

    def _licence(self, body: dict[str, Any]) -> Licence:
        return LicenceBody.model_validate(body).licence(ZONE, NOW)

    def _terms(self, ref: str) -> Licence:
        terms = self._ledgers[ref].terms
        assert terms is not None
        return terms

    def _handle(self, message: Message) -> Iterable[Message]:
        if isinstance(message, Licence | Authorisation | Demand | UsageReport):
            ledger = self._ledgers.get(message.key) or new_ledger(message.key)
            if isinstance(message, Licence):
                given = record_licence(ledger, message, NOW, rule_set=self.rule_set)
            elif isinstance(message, Authorisation):
                given = record_authorisation(ledger, message, NOW, rule_set=self.rule_set)
            elif isinstance(message, UsageReport):
                given = record_usage(ledger, message, NOW, rule_set=self.rule_set)
            else:
                given = answer_demand(ledger, message, NOW, rule_set=self.rule_set)
            self._ledgers[message.key] = given.state
            assert list(violations(given.state)) == []
            return given.outputs
        shipment = self.shipments.get(message.key) or empty(message.key)
        decided = SHIPMENT_HANDLERS[type(message)](shipment, message, NOW)
        self.shipments[message.key] = decided.state
        return decided.outputs

    def all(self, kind: type[Any]) -> list[Any]:
        """Everything of a kind that came out, in order."""
        return [output for output in self.outputs if isinstance(output, kind)]

    def ledger(self, ref: str = REF) -> dict[str, Any]:
        """As `GET /v1/ledger/licences/{ref}` answers."""
        return ledger_view(to_record(self._ledgers[ref]), NOW)

    def balance(self, line: int = 1, dimension: str = "quantity", ref: str = REF) -> str:
        """Reserved, consumed, exited and available of a line; `-` where nothing says how much may be drawn."""
        [found] = [one for one in self.ledger(ref)["lines"] if one["line"] == line]
        columns: Mapping[str, str | None] = found[dimension]
        return " ".join(columns[name] or "-" for name in ("reserved", "consumed", "exited", "available"))

    def value(self, line: int = 1, ref: str = REF) -> str:
        return self.balance(line, "value", ref)

    def verdict(self, mrn: str) -> str:
        """The verdict on a declaration, such as `covered`; `none` while customs knows no declaration."""
        found = self.last_verdict(mrn)
        return "none" if found is None else word(found.verdict)

    def last_verdict(self, mrn: str) -> Verdict | None:
        shipment = self.shipments.get(mrn)
        return None if shipment is None else shipment.verdict

    def reasons(self, mrn: str) -> list[str]:
        """Why items are refused, item by item."""
        found = self.last_verdict(mrn)
        return [reason for item in found.items for reason in item.reasons] if found else []

    def findings(self, code: str) -> list[Finding]:
        return [finding for finding in self.all(Finding) if finding.code == code]

    def codes(self, mrn: str | None = None) -> list[str]:
        """Codes of all findings so far (on a shipment, when one is named), sorted, with repeats."""
        return sorted(finding.code for finding in self.all(Finding) if mrn in (None, finding.mrn))
