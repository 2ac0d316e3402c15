"""From the bytes of a JSON message to its reading."""

from typing import Annotated, Any, Final, get_args

from pydantic import Field, TypeAdapter, ValidationError

from services.core.errors import Fault, Refused
from services.core.values import mrn_check_digit_holds
from services.customs.adapters.json.events import (
    ArrivalIn,
    ExitIn,
    ExitReleaseIn,
    ExitStopIn,
    InvalidationIn,
    NoReleaseIn,
    OverrideIn,
    PresentationIn,
    ReleaseIn,
)
from services.customs.adapters.json.messages import DeclarationIn, PaperWriteOffIn
from services.customs.adapters.xml.document import LARGEST, malformed
from services.customs.domain.reading import Reading, Stated
from services.runtime.body import Malformed, parse_json

Message = (
    DeclarationIn
    | PresentationIn
    | ReleaseIn
    | NoReleaseIn
    | OverrideIn
    | InvalidationIn
    | ArrivalIn
    | ExitReleaseIn
    | ExitStopIn
    | ExitIn
    | PaperWriteOffIn
)
KINDS: Final = tuple(get_args(kind.model_fields["kind"].annotation)[0] for kind in get_args(Message))

MESSAGE: Final[TypeAdapter[Message]] = TypeAdapter(Annotated[Message, Field(discriminator="kind")])
_MOST_FAULTS = 100


def read(body: bytes) -> Reading:
    """What a JSON message says.

    Refused 400 with line and column when it is not JSON, 413 when it is too large, 415 for an unknown `kind`, 422 with
    the pointer of each fault.
    """
    if len(body) > LARGEST:
        raise Refused(413, f"A message has at most {LARGEST} bytes")
    fields = _parse(body)
    if not isinstance(fields, dict):
        raise Refused(422, "The message is not acceptable", (Fault("", "object_type", "a JSON object is expected"),))
    if isinstance(fields.get("kind"), str) and fields["kind"] not in KINDS:
        raise Refused(415, f"{fields['kind']!r} is not a message this door takes; it takes {', '.join(KINDS)}")
    try:
        message = MESSAGE.validate_python(fields)
    except ValidationError as error:
        raise Refused(422, "The message is understood but not acceptable", _faults(error)) from None
    warnings: tuple[Fault, ...] = ()
    if not mrn_check_digit_holds(message.identified):
        warnings = (Fault("/mrn", "mrn.check-digit", f"the check digit of {message.identified} does not hold"),)
    return Reading(
        kind=message.kind,
        system="JSON",
        identity=("json", message.sender, message.message_id),
        message_id=message.message_id,
        statement=Stated(message.fact()),
        mrn=message.identified,
        lrn=message.lrn if isinstance(message, DeclarationIn) else None,
        warnings=warnings,
    )


def _parse(body: bytes) -> Any:
    try:
        return parse_json(body, "utf-8-sig")
    except Malformed as error:
        code = "json.malformed" if error.in_text else "json.characters"
        raise malformed(error.line, error.column, code, error.detail) from None


def _faults(error: ValidationError) -> tuple[Fault, ...]:
    faults = []
    for e in error.errors(include_url=False, include_context=False, include_input=False)[:_MOST_FAULTS]:
        # The first step is the kind, chosen by the discriminator; it is no part of the document.
        steps = e["loc"][1:] if e["loc"] and e["loc"][0] in KINDS else e["loc"]
        path = "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in steps)
        if e["type"].startswith("union_tag"):
            path = "/kind"
        faults.append(Fault(path, e["type"], e["msg"].removeprefix("Value error, ")))
    return tuple(faults)
