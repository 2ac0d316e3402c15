"""Dossiers at a door without engines: the real documents, rules and views, kept in memory."""

from datetime import UTC, date, datetime
from typing import Any

from services.core.errors import Refused
from services.core.messages import Dossier
from services.licensing.adapters.dossier_bodies import DossierStepBody, OpenBody
from services.licensing.adapters.dossier_views import dossier_view
from services.licensing.domain.dossier_steps import Due
from services.licensing.domain.dossiers import open_dossier, take_step

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
DUE = Due(date(2026, 3, 16), date(2026, 4, 14), date(2026, 3, 16))


class FakeDossiers:
    """Remembers what became of each request."""

    def __init__(self) -> None:
        self._kept: dict[str, Dossier] = {}

    def open(self, body: dict[str, Any], acting_for: str) -> int:
        """The HTTP status."""
        asked = OpenBody.model_validate(body)
        if asked.faults(acting_for, "Europe/Brussels"):
            return 422
        decision = open_dossier(self._kept.get(asked.ref), asked.opened("Europe/Brussels", DUE, NOW))
        self._kept[asked.ref] = decision.state
        return 201 if decision.outputs else 200

    def step(self, ref: str, body: dict[str, Any], acting_for: str) -> int:
        """The HTTP status."""
        asked = DossierStepBody.model_validate(body)
        if asked.faults():
            return 422
        try:
            self._kept[ref] = take_step(self._kept.get(ref), asked.taken(ref, acting_for, DUE, None, NOW)).state
        except Refused as refused:
            return refused.status
        return 200

    def shown(self, ref: str, beside: dict[str, dict[str, Any]]) -> dict[str, Any]:
        """As the door shows it, with what stands beside its licence: the requests that entered that, by reference."""
        kept = self._kept[ref]
        legs: dict[str, list[dict[str, str]]] = {}
        for name, entered in beside.items():
            legs.setdefault(entered.get("kind", "federal-authorisation"), []).append({"ref": name})
        return {**dossier_view(kept, NOW), "legs": [{"kind": kind, "entered": of} for kind, of in legs.items()]}
