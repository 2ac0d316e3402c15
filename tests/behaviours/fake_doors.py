"""A server that answers as the plan says it should, so that the player can be tested without engines."""

import json
from collections.abc import Callable
from decimal import Decimal
from hashlib import sha256
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from services.simulator.expectations import Columns, expected_alerts, expected_balances
from services.simulator.licences import Licence, Line
from services.simulator.steps import MALFORMED, Compare, Scenario
from tests.behaviours.fake_dossiers import FakeDossiers


class FakeDoors:
    """Remembers what it was sent. `before` may answer a request in its stead."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.licences: dict[str, Any] = {}
        self.status: dict[str, str] = {}
        self.refusals: dict[str, Any] = {}
        """Refusals and denials."""
        self.messages: dict[str, bytes] = {}
        self.before: Callable[[Request], Response | None] = lambda _: None
        self.alerts = self._alerts()
        self.keys: dict[str, dict[str, Any]] = {}
        """What stands beside each licence, by reference."""
        self.reports: dict[str, str] = {}
        """Licences by the id of a report on them."""
        self.dossiers = FakeDossiers()
        self._ids = {send.message.body: send.message.id for send in scenario.sends}
        self._broken = {send.message.body for send in scenario.sends if send.answers == MALFORMED}
        self._verdicts = {one.mrn: one for one in scenario.expected}
        self._balances = expected_balances(scenario.expected)

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/v1/licences", self._guarded(self._licence), methods=["POST"]),
                Route("/v1/licences/{ref:path}/status", self._guarded(self._step), methods=["POST"]),
                Route("/v1/licences/{licence:path}/documents", self._guarded(self._key), methods=["POST"]),
                Route("/v1/licences/{licence:path}/usage-reports", self._guarded(self._report), methods=["POST"]),
                Route("/v1/federal-authorisations", self._guarded(self._key), methods=["POST"]),
                Route("/v1/dossiers", self._guarded(self._dossier), methods=["POST"]),
                Route("/v1/dossiers/{ref:path}/steps", self._guarded(self._dossier_step), methods=["POST"]),
                Route("/v1/dossiers/{ref:path}", self._guarded(self._dossier_shown)),
                Route("/v1/refusals", self._guarded(self._refusal), methods=["POST"]),
                Route("/v1/denials", self._guarded(self._refusal), methods=["POST"]),
                Route("/v1/customs/messages", self._guarded(self._message), methods=["POST"]),
                Route("/v1/customs/messages/{id}", self._guarded(self._state)),
                Route("/v1/customs/declarations/{mrn}/verdict", self._guarded(self._verdict)),
                Route("/v1/ledger/licences/{ref:path}/comparison", self._guarded(self._compared)),
                Route("/v1/ledger/licences/{ref:path}", self._guarded(self._ledger)),
                Route("/v1/alerts", self._guarded(self._page)),
            ]
        )

    def _guarded(self, answer: Callable[[Request, bytes], Response]) -> Callable[[Request], Any]:
        async def guarded(request: Request) -> Response:
            return self.before(request) or answer(request, await request.body())

        return guarded

    def _licence(self, _request: Request, body: bytes) -> Response:
        asked = json.loads(body)
        known = self.licences.setdefault(asked["ref"], asked)
        self.status.setdefault(asked["ref"], "issued")
        return JSONResponse({"ref": asked["ref"]}, 200 if known is not asked else 201)

    def _step(self, request: Request, body: bytes) -> Response:
        self.status[request.path_params["ref"]] = json.loads(body)["status"]
        return JSONResponse({})

    def _key(self, request: Request, body: bytes) -> Response:
        asked = json.loads(body)
        licence = request.path_params.get("licence") or asked["licence"]
        self.keys.setdefault(licence, {})[asked["ref"]] = asked
        return JSONResponse({}, 201)

    def _report(self, request: Request, body: bytes) -> Response:
        self.reports[json.loads(body)["id"]] = request.path_params["licence"]
        return JSONResponse({}, 201)

    def _compared(self, request: Request, _body: bytes) -> Response:
        """As planned, once something was reported on the licence."""
        ref, known = request.path_params["ref"], set(self.reports.values())
        steps = (step for story in self.scenario.stories for step in story.steps)
        asked = next(one.figures for one in steps if isinstance(one, Compare) and one.figures.licence.ref == ref)
        return JSONResponse({"lines": [{"quantity": dict(asked.shown) if ref in known else None}]})

    def _refusal(self, _request: Request, body: bytes) -> Response:
        asked = json.loads(body)
        return JSONResponse({}, 201 if self.refusals.setdefault(asked["ref"], asked) is asked else 200)

    def _dossier(self, request: Request, body: bytes) -> Response:
        return JSONResponse({}, self.dossiers.open(json.loads(body), request.headers["acting-for"]))

    def _dossier_step(self, request: Request, body: bytes) -> Response:
        ref, acting_for = request.path_params["ref"], request.headers["acting-for"]
        return JSONResponse({}, self.dossiers.step(ref, json.loads(body), acting_for))

    def _dossier_shown(self, request: Request, _body: bytes) -> Response:
        ref = request.path_params["ref"]
        licence = next(one.licence.ref for one in self.scenario.dossiers if one.ref == ref)
        return JSONResponse(self.dossiers.shown(ref, self.keys.get(licence, {})))

    def _message(self, _request: Request, body: bytes) -> Response:
        if body in self._broken:
            return JSONResponse({"title": "malformed"}, 400)
        identity = self._ids[body]
        known = self.messages.setdefault(identity, body)
        if known != body:
            return JSONResponse({"title": "other content"}, 409)
        answer: dict[str, Any] = {"id": sha256(identity.encode()).hexdigest()[:32]}
        if known is not body:
            return JSONResponse(answer | {"duplicate": True})
        return JSONResponse(answer, 202)

    def _state(self, _request: Request, _body: bytes) -> Response:
        return JSONResponse({"state": "applied"})

    def _verdict(self, request: Request, _body: bytes) -> Response:
        one = self._verdicts[request.path_params["mrn"]]
        if one.verdict is None:
            return JSONResponse({}, 404)
        return JSONResponse({"mrn": one.mrn, "version": one.version, "verdict": one.verdict})

    def _ledger(self, request: Request, _body: bytes) -> Response:
        ref = request.path_params["ref"]
        everything = {one.ref: one for one in (*self.scenario.licences, *self.scenario.late)}
        if ref not in self.licences:
            return JSONResponse({"ref": ref, "status": "unknown", "lines": []})
        lines = [self._line(everything[ref], line) for line in everything[ref].lines]
        beside = [{"ref": name} for name in self.keys.get(ref, ())]
        return JSONResponse({"ref": ref, "status": self.status[ref], "lines": lines, "authorisations": beside})

    def _line(self, licence: Licence, line: Line) -> dict[str, Any]:
        held = self._balances.get((licence.ref, line.number))
        quantity = _columns(line.quantity, held.quantity if held else Columns()) if line.counts_quantity else None
        value = _columns(line.value, held.value if held else Columns()) if line.counts_value else None
        return {
            "line": line.number,
            "basis": line.basis,
            "unit": line.goods.unit,
            "currency": line.currency,
            "quantity": quantity,
            "value": value,
        }

    def _page(self, request: Request, _body: bytes) -> Response:
        """Pages of 20, to see that all are read."""
        start = int(request.query_params.get("cursor", "0"))
        more = str(start + 20) if start + 20 < len(self.alerts) else None
        return JSONResponse({"items": self.alerts[start : start + 20], "next": more})

    def _alerts(self) -> list[dict[str, Any]]:
        return [
            {
                "mrn": mrn,
                "licence": licence,
                "code": code,
                "received_at": "2026-11-24T10:00:00.000000Z",
                "opened_at": f"2026-11-24T10:00:00.{100 + place:03d}000Z",
            }
            for place, (mrn, licence, code) in enumerate(sorted(expected_alerts(self.scenario.expected)))
        ]


def _columns(authorised: Decimal | None, columns: Columns) -> dict[str, str | None]:
    available = None if authorised is None else authorised - columns.reserved - columns.consumed
    return {
        "authorised": None if authorised is None else str(authorised),
        "reserved": str(columns.reserved),
        "consumed": str(columns.consumed),
        "exited": str(columns.exited),
        "available": None if available is None else str(available),
    }
