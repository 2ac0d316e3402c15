"""What customs and the authority write: the JSON of API.md, each with one thing that matters."""

from typing import Any

REF = "VL/2026/000123"
OTHER_REF = "VL/2026/000456"
A, B, C = "26BE343000000001A1", "26BE343000000002A0", "26BE343000000003A9"
HOLDER = {"eori": "BE0314595348", "name": "Persbouw NV"}
STRANGER = {"eori": "BE0999999999", "name": "Doorvoer BV"}


def line(
    quantity: str | None = "10",
    *,
    number: int = 1,
    basis: str = "quantity",
    unit: str | None = "NAR",
    value: str | None = None,
    currency: str | None = None,
) -> dict[str, Any]:
    """A licence line; without more, for ten pieces."""
    return {
        "line": number,
        "description": "isostatic press",
        "control_code": "2B204",
        "commodity_codes": ["847983"],
        "basis": basis,
        "quantity": quantity,
        "unit": unit,
        "value": value,
        "currency": currency,
    }


def both(quantity: str, value: str, number: int = 1) -> dict[str, Any]:
    """A line controlled in pieces and in euro."""
    return line(quantity, number=number, basis="both", value=value, currency="EUR")


def licence(*lines: dict[str, Any], ref: str = REF, **changes: Any) -> dict[str, Any]:
    """A licence to India with these lines, or for ten pieces."""
    body = {
        "ref": ref,
        "type": "individual",
        "authority": "BE-VLG",
        "holder": HOLDER,
        "destinations": ["IN"],
        "procedures": ["10"],
        "valid_from": "2026-01-15",
        "valid_to": "2028-01-14",
        "lines": list(lines) or [line()],
    }
    return {**body, **changes}


def document(
    quantity: str | None = "1",
    amount: str | None = None,
    *,
    ref: str = REF,
    line: int | None = 1,
    unit: str = "NAR",
    currency: str = "EUR",
    kind: str = "X060",
) -> dict[str, Any]:
    """A document that draws on a licence line; without more, one piece."""
    return {
        "type": kind,
        "reference": ref,
        "line": line,
        "quantity": quantity,
        "unit": None if quantity is None else unit,
        "amount": amount,
        "currency": None if amount is None else currency,
    }


def item(*documents: dict[str, Any], number: int = 1, **changes: Any) -> dict[str, Any]:
    body = {
        "item": number,
        "commodity_code": "84798300",
        "description": "isostatic press",
        "net_mass_kg": "1200.000",
        "statistical_value": "100000.00",
        "documents": list(documents),
    }
    return {**body, **changes}


def _message(kind: str, mrn: str, message_id: str | None, **fields: Any) -> dict[str, Any]:
    name = message_id or f"{kind} of {mrn}"
    return {"kind": kind, "sender": "BE.CUSTOMS", "message_id": name, "mrn": mrn, **fields}


def declaration(mrn: str, *documents: dict[str, Any], version: int = 1, **changes: Any) -> dict[str, Any]:
    """An accepted declaration of one item with these documents; `items=[…]` for more. A version above 1 amends it."""
    fields: dict[str, Any] = {
        "message_id": f"declaration {version} of {mrn}",
        "lrn": "ANR-2026-77",
        "version": version,
        "accepted_at": "2026-03-02T08:15:00Z",
        "amended_at": None if version == 1 else f"2026-03-02T09:{version:02d}:00Z",
        "office_of_export": "BE343000",
        "procedure": "10",
        "exporter": HOLDER,
        "consignee": {"name": "Bharat Forge", "country": "IN"},
        "country_of_destination": "IN",
        "items": [item(*documents)],
    }
    return _message("declaration", mrn, **{**fields, **changes})


def release(mrn: str, at: str = "2026-03-02T10:00:00Z", message_id: str | None = None) -> dict[str, Any]:
    return _message("release", mrn, message_id, released_at=at)


def no_release(mrn: str, at: str = "2026-03-02T10:00:00Z", message_id: str | None = None) -> dict[str, Any]:
    return _message("no-release", mrn, message_id, decided_at=at, reason="papers missing")


def invalidation(mrn: str, at: str = "2026-03-02T12:00:00Z", message_id: str | None = None) -> dict[str, Any]:
    return _message("invalidation", mrn, message_id, invalidated_at=at, reason="at the exporter's request")


def left(
    mrn: str,
    *totals: dict[str, Any],
    at: str = "2026-03-03T17:40:00Z",
    result: str = "A1",
    final: bool = True,
    message_id: str | None = None,
) -> dict[str, Any]:
    """An exit; without totals, everything as declared."""
    fields: dict[str, Any] = {"exited_at": at, "result": result, "final": final}
    return _message("exit", mrn, message_id, **fields, **({"items": list(totals)} if totals else {}))


def total(quantity: str | None = None, amount: str | None = None, number: int = 1) -> dict[str, Any]:
    """What left of an item so far."""
    return {"item": number, "quantity": quantity, "amount": amount}
