"""Goods: controlled ones with their entry of Annex I to Reg. (EU) 2021/821, and everyday ones that no list names.

A control code says what a licence names; the commodity code is what a declaration shows. Neither determines
the other.
"""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Goods:
    """One kind of goods. Value and net mass are per unit; `unit` is the TARIC unit of the licence line."""

    description: str
    commodity_code: str
    unit: str
    unit_value: Decimal
    unit_mass_kg: Decimal
    control_code: str | None = None

    @property
    def nuclear(self) -> bool:
        """Annex I, category 0: needs the federal authorisation beside the licence."""
        return self.control_code is not None and self.control_code.startswith("0")


def _controlled(code: str, commodity: str, description: str, unit: str, value: str, mass: str) -> Goods:
    return Goods(description, commodity, unit, Decimal(value), Decimal(mass), code)


def _ordinary(commodity: str, description: str, value: str) -> Goods:
    return Goods(description, commodity, "KGM", Decimal(value), Decimal(1))


CONTROLLED = {
    "press": _controlled("2B204", "84798300", "Isostatic press, chamber 180 mm", "NAR", "100000.00", "1200"),
    "hot-press": _controlled("2B004", "85141100", "Hot isostatic press, chamber 410 mm", "NAR", "640000.00", "5200"),
    "die": _controlled("2B204.b", "84807900", "Dies and moulds for isostatic presses", "NAR", "18390.00", "85"),
    "alloy-tube": _controlled("1C202.a", "76082089", "Aluminium alloy tubes, 460 MPa", "KGM", "34.00", "1"),
    "alloy-bar": _controlled("1C202.a", "76042910", "Aluminium alloy bars, 460 MPa", "KGM", "27.50", "1"),
    "grinder": _controlled("2B201.b", "84602300", "Cylindrical grinding machine, NC", "NAR", "385000.00", "7400"),
    "fissile": _controlled("0C002", "28442035", "Uranium enriched below 20 % U-235", "GRM", "14.17", "0.001"),
    "fuel-parts": _controlled("0B005", "84798997", "Parts for fuel element fabrication", "NAR", "42123.50", "310"),
    "heavy-water": _controlled("0C003", "28451000", "Heavy water", "KGM", "920.00", "1"),
    "graphite": _controlled("0C004", "38011000", "Nuclear grade graphite", "KGM", "61.00", "1"),
    "vacuum-pump": _controlled("2B231", "84141089", "Turbomolecular vacuum pump", "NAR", "15200.00", "62"),
    "transducer": _controlled("2B230", "90262020", "Pressure transducer, 10 kPa", "NAR", "1180.00", "0.9"),
    "spectrometer": _controlled("3A233", "90278100", "Mass spectrometer, 260 u", "NAR", "310000.00", "420"),
    "inverter": _controlled("3A225", "85044083", "Frequency changer, 600 Hz", "NAR", "8750.00", "34"),
    "manipulator": _controlled("2B225", "84287000", "Remote manipulator for hot cells", "NAR", "94000.00", "510"),
    "furnace": _controlled("2B226", "85142010", "Vacuum induction furnace", "NAR", "210000.00", "2900"),
    "flow-former": _controlled("2B209", "84639000", "Flow forming machine", "NAR", "730000.00", "18000"),
    "maraging": _controlled("1C216", "72249038", "Maraging steel, 2050 MPa", "KGM", "48.00", "1"),
    "carbon-fibre": _controlled("1C210", "68151100", "Carbon fibre, high modulus", "KGM", "115.00", "1"),
    "valve": _controlled("2B350.g", "84818059", "Corrosion resistant valve", "NAR", "2350.00", "11"),
    "gas-monitor": _controlled("2B351", "90271010", "Toxic gas monitoring system", "NAR", "12800.00", "7"),
    "fermenter": _controlled("2B352.b", "84198998", "Fermenter, 120 litres", "NAR", "156000.00", "640"),
    "camera": _controlled("6A003.b", "85258900", "Thermal imaging camera", "NAR", "21400.00", "3"),
    "laser": _controlled("6A005", "90132000", "Pulsed dye laser", "NAR", "76500.00", "48"),
}

ORDINARY = (
    _ordinary("07108051", "Sweet peppers, frozen", "1.90"),
    _ordinary("18063290", "Chocolate bars", "7.40"),
    _ordinary("22030001", "Beer made from malt, in bottles", "1.35"),
    _ordinary("39241000", "Plastic tableware", "5.20"),
    _ordinary("48191000", "Corrugated paper boxes", "1.10"),
    _ordinary("57033910", "Tufted carpet tiles", "6.85"),
    _ordinary("63026000", "Cotton towels", "9.30"),
    _ordinary("69072100", "Glazed ceramic tiles", "2.15"),
    _ordinary("94036010", "Wooden furniture for dining rooms", "8.60"),
    _ordinary("08083090", "Pears, fresh", "1.05"),
)
