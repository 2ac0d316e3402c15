"""The answer to a file: as it is kept and sent as JSON, and as a `licenceReply`."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from services.core.errors import Fault, Refused
from services.licensing.adapters.lite.asking import Asked
from services.licensing.adapters.lite.records import LicenceData, Transaction
from services.licensing.adapters.views import time_text

LONGEST_TEXT: Final = 130
_CODES: Final = {404: "UNKNWN", 409: "STATE"}
"""What a rejection is called in a reply, which has six characters for it; its text begins with our own code."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a file. `repeat`: it was there before, and this is what was answered then."""

    content: Mapping[str, Any]
    repeat: bool


def answered(
    file: LicenceData, asked: Sequence[Asked], outcomes: Sequence[Refused | None], at: datetime
) -> dict[str, Any]:
    """In order of the file; both halves of an update have what became of it."""
    return {
        "source": file.source,
        "destination": file.destination,
        "run": file.run,
        "answered_at": time_text(at),
        "transactions": [
            _transaction(transaction, outcome)
            for one, outcome in zip(asked, outcomes, strict=True)
            for transaction in one.transactions
        ],
    }


def _transaction(transaction: Transaction, refused: Refused | None) -> dict[str, Any]:
    head = transaction.head
    view = {
        "transaction": head["transaction"],
        "line": head.line,
        "action": head["action"],
        "ref": head["reference"],
        "status": "accepted" if refused is None else "rejected",
    }
    if refused is None:
        return view
    # A refusal without a fault still needs one record that says why.
    faults = refused.faults or (Fault(f"line {head.line}", "refused", refused.title),)
    code = _CODES.get(refused.status, "DATA")
    return {**view, "error": code, "errors": [_view(one) for one in faults]}


def _view(fault: Fault) -> dict[str, str]:
    return {"path": fault.path, "code": fault.code, "detail": fault.detail}


def licence_reply(content: Mapping[str, Any]) -> str:
    """A kept answer as the file that the sender of the other file reads."""
    found = content["transactions"]
    records = [record for one in found for record in _records(one)]
    rejected = sum(one["status"] == "rejected" for one in found)
    header = _header(content["destination"], content["source"], content["run"], content["answered_at"])
    return _text([header, *records, f"fileTrailer\\{len(found) - rejected}\\{rejected}\\0"])


def file_errors(file: LicenceData, faults: Sequence[Fault], at: datetime) -> str:
    """The same for a file that was not entered."""
    header = _header(file.destination, file.source, file.run, time_text(at))
    code = {"run-gap": "RUN", "run-taken": "RUN"}
    errors = [f"fileError\\{code.get(one.code, 'FILE')}\\{_clean(_view(one))}" for one in faults]
    return _text([header, *errors, f"fileTrailer\\0\\0\\{len(errors)}"])


def _header(source: str, destination: str, run: int, at: str) -> str:
    made = datetime.fromisoformat(at).astimezone(UTC)
    return f"fileHeader\\{source}\\{destination}\\licenceReply\\{made:%Y%m%d%H%M}\\{run}"


def _records(one: Mapping[str, Any]) -> Iterator[str]:
    if one["status"] == "accepted":
        yield f"accepted\\{one['transaction']}"
        return
    yield f"rejected\\{one['transaction']}"
    for error in one["errors"]:
        yield f"error\\{one['error']}\\{_clean(error)}"
    yield f"end\\rejected\\{len(one['errors']) + 2}"


def _clean(error: Mapping[str, str]) -> str:
    text = f"{error['path']}: {error['code']}: {error['detail']}"
    return " ".join(text.replace("\\", "/").split())[:LONGEST_TEXT]


def _text(records: Sequence[str]) -> str:
    return "".join(f"{number}\\{record}\n" for number, record in enumerate(records, 1))
