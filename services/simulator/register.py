"""The authority's register: ample licences for everyday traffic, and one for each thing that goes wrong."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Literal

from services.core.values import LicenceRef
from services.simulator.goods import CONTROLLED
from services.simulator.licences import Basis, Licence, Line, StatusStep
from services.simulator.parties import CONSIGNEES, HOLDERS

FROM, TO = date(2026, 1, 15), date(2028, 1, 14)

# key, goods, basis, quantity, value: far more than the scenario ships, so that order does not matter on them.
AMPLE: tuple[tuple[str, str, Basis, str, str], ...] = (
    ("ample-press", "press", "both", "400", "40000000.00"),
    ("ample-hot-press", "hot-press", "quantity", "150", ""),
    ("ample-die", "die", "value", "", "9000000.00"),
    ("ample-alloy-tube", "alloy-tube", "both", "900000", "40000000.00"),
    ("ample-alloy-bar", "alloy-bar", "quantity", "750000.500", ""),
    ("ample-grinder", "grinder", "both", "120", "60000000.00"),
    ("ample-fissile", "fissile", "quantity", "40000.250", ""),
    ("ample-fuel-parts", "fuel-parts", "value", "", "12000000.00"),
    ("ample-heavy-water", "heavy-water", "both", "20000.000", "25000000.00"),
    ("ample-graphite", "graphite", "quantity", "300000.000", ""),
    ("ample-vacuum-pump", "vacuum-pump", "open", "", ""),
    ("ample-transducer", "transducer", "both", "4000", "6000000.00"),
    ("ample-spectrometer", "spectrometer", "value", "", "60000000.00"),
    ("ample-inverter", "inverter", "quantity", "900", ""),
    ("ample-manipulator", "manipulator", "both", "260", "30000000.00"),
    ("ample-furnace", "furnace", "value", "", "45000000.00"),
    ("ample-flow-former", "flow-former", "quantity", "90", ""),
    ("ample-maraging", "maraging", "both", "500000.000", "30000000.00"),
    ("ample-carbon-fibre", "carbon-fibre", "open", "", ""),
    ("ample-valve", "valve", "both", "9000", "25000000.00"),
    ("ample-gas-monitor", "gas-monitor", "quantity", "700", ""),
    ("ample-fermenter", "fermenter", "value", "", "40000000.00"),
    ("ample-camera", "camera", "both", "1500", "35000000.00"),
    ("ample-laser", "laser", "open", "", ""),
)

# One licence each for a story of the scenario; the figures are chosen so that the story comes out (see the recipes).
STORIES: tuple[tuple[str, str, Basis, str, str], ...] = (
    ("last-press", "press", "both", "2", "250000.00"),
    ("last-euro", "fuel-parts", "value", "", "100000.00"),
    ("last-gram", "fissile", "quantity", "500.000", ""),
    ("over-both", "grinder", "both", "2", "700000.00"),
    ("over-value", "furnace", "value", "", "500000.00"),
    ("released-anyway", "alloy-tube", "quantity", "1000.000", ""),
    ("shortfall-returns", "valve", "quantity", "10", ""),
    ("refused-frees", "transducer", "quantity", "40", ""),
    ("grows-after-release", "inverter", "quantity", "20", ""),
    ("exit-differs", "manipulator", "both", "30", "3000000.00"),
    ("suspended", "spectrometer", "value", "", "3000000.00"),
    ("revoked", "carbon-fibre", "open", "", ""),
    ("exhausted", "camera", "quantity", "60", ""),
    ("expired", "press", "both", "6", "700000.00"),
    ("not-yet-valid", "grinder", "quantity", "4", ""),
    ("rules", "maraging", "both", "100000.000", "6000000.00"),
)

_EXPIRED = date(2025, 2, 1), date(2026, 1, 31)
_NOT_YET = date(2026, 10, 1), date(2028, 9, 30)
_TYPES: tuple[Literal["individual", "global", "large-project"], ...] = ("individual", "individual", "global")


@dataclass(frozen=True, slots=True)
class Register:
    """Licences by the key of their story. `issued` are published first, `late` ones in mid-scenario."""

    issued: dict[str, Licence]
    late: dict[str, Licence]
    statuses: tuple[StatusStep, ...]

    @property
    def everything(self) -> Iterator[Licence]:
        yield from self.issued.values()
        yield from self.late.values()


def build_register(seed: int) -> Register:
    """The register of a seed; only the references differ between seeds."""
    issued = {row[0]: _licence(seed, place, row) for place, row in enumerate((*AMPLE, *STORIES), start=1)}
    issued["two-lines"] = _two_lines(seed, len(issued) + 1, issued["ample-press"])
    late = _licence(seed, len(issued) + 1, ("issued-late", "die", "value", "", "200000.00"))
    issued["two-keys"] = _licence(seed, len(issued) + 2, ("two-keys", "heavy-water", "quantity", "500.000", ""))
    issued["monthly"] = _monthly(seed, len(issued) + 2)
    statuses = (
        StatusStep(issued["suspended"].ref, "suspended", "end use under review", datetime(2026, 3, 1, tzinfo=UTC)),
        StatusStep(issued["revoked"].ref, "revoked", "holder convicted", datetime(2026, 2, 20, tzinfo=UTC)),
        StatusStep(issued["exhausted"].ref, "exhausted", "closed by holder", datetime(2026, 2, 10, tzinfo=UTC)),
    )
    return Register(issued, {"issued-late": late}, statuses)


def _licence(seed: int, place: int, row: tuple[str, str, Basis, str, str]) -> Licence:
    key, goods, basis, quantity, value = row
    line = Line(1, CONTROLLED[goods], basis, _figure(quantity), _figure(value))
    start, end = {"expired": _EXPIRED, "not-yet-valid": _NOT_YET}.get(key, (FROM, TO))
    kind = _TYPES[place % len(_TYPES)]
    count = 1 if kind == "individual" else 2
    consignees = tuple(CONSIGNEES[(place * 5 + step * 7) % len(CONSIGNEES)] for step in range(count))
    return Licence(_ref(seed, place), kind, HOLDERS[place % len(HOLDERS)], consignees, start, end, (line,))


def _two_lines(seed: int, place: int, sister: Licence) -> Licence:
    """Of the same holder and consignee as `sister`, so that a shipment can move from one to the other."""
    lines = (
        Line(1, CONTROLLED["press"], "both", Decimal(12), Decimal("1400000.00")),
        Line(2, CONTROLLED["die"], "value", None, Decimal("600000.00")),
    )
    return Licence(_ref(seed, place), "large-project", sister.holder, sister.consignees, FROM, TO, lines)


def _monthly(seed: int, place: int) -> Licence:
    """A global one, whose use is reported by the year."""
    line = Line(1, CONTROLLED["inverter"], "quantity", Decimal(20), None, monthly=Decimal(5))
    return Licence(_ref(seed, place), "global", HOLDERS[0], (CONSIGNEES[0],), FROM, TO, (line,))


def _figure(text: str) -> Decimal | None:
    return Decimal(text) if text else None


def _ref(seed: int, place: int) -> LicenceRef:
    return LicenceRef(f"VL/2026/{seed % 1000:03d}{place:03d}")
