"""Every fault of a request body at once: of single fields, and of the rules between those fields that are sound."""

from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any, Protocol, TypeVar

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError

from services.core.errors import Fault, Refused
from services.core.messages import Licence, LicenceLine, LicenceType
from services.licensing.adapters.bodies import GoodsBody, LicenceBody, LicenceTerms, Period, RefusalBody
from services.licensing.adapters.control_list import bundled
from services.licensing.adapters.fields import Body
from services.licensing.adapters.json_body import with_json
from services.licensing.adapters.many_faults import MOST_TOLD, errors_of, more_faults, too_many
from services.licensing.adapters.parts import LineBody, PartyBody
from services.licensing.adapters.words import named
from services.licensing.domain import terms
from services.licensing.domain.kinds import kind_faults

_UNDATED = datetime(1970, 1, 1, tzinfo=UTC)
NOT_ACCEPTABLE = "The request is not acceptable"
P = TypeVar("P", bound=Body)
Broken = set[tuple[Any, ...]]
Lines = Sequence[tuple[int, LicenceLine]]
"""With their places in the request."""


class RouteGuard(Protocol):
    """Whether a request may do what the route does. Refused 401, 403 or 404 when it may not."""

    def enter(self, request: Request) -> None:
        """Before the body is read."""

    async def look(self, request: Request) -> None:
        """Once it is, where the route takes JSON."""


class DoorRoute(APIRoute):
    """Answers a body that is not JSON with 415 or 400, one too large with 413, faults with 422 and all of them."""

    guard: RouteGuard | None = None

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        expected = None if self.body_field is None else self.body_field.field_info.annotation

        async def answer(request: Request) -> Response:
            if self.guard is not None:
                self.guard.enter(request)
            read = request if expected is None else await with_json(request)
            if isinstance(expected, type) and issubclass(expected, BaseModel):
                await _refuse_very_many(expected, read)
            if self.guard is not None:
                await self.guard.look(read)
            try:
                return await handle(read)
            except RequestValidationError as error:
                raise _refused(error, expected) from error

        return answer


async def _refuse_very_many(expected: type[BaseModel], request: Request) -> None:
    if found := await too_many(expected, await request.json(), len(await request.body())):
        faults = _document_faults(found[0])
        raise Refused(422, NOT_ACCEPTABLE, (*faults, more_faults(found[1], len(faults))))


def _refused(error: RequestValidationError, expected: Any) -> Refused:
    faults = tuple(_fault(one) for one in error.errors())
    if isinstance(error.body, Mapping):
        broken = {tuple(one["loc"][1:]) for one in error.errors() if one["loc"][0] == "body"}
        if expected is LicenceBody:
            faults += tuple(_sound_licence_faults(error.body, broken))
        if expected is RefusalBody:
            faults += tuple(_goods_faults(_sound(GoodsBody, "goods", error.body, broken)))
    return Refused(422, NOT_ACCEPTABLE, faults)


def document_faults(error: ValidationError, document: Any) -> tuple[Fault, ...]:
    """Every fault of a licence's document in which fields are not well formed, or the first of very many."""
    count, errors = error.error_count(), errors_of(error, LicenceBody, document)
    faults = _document_faults(errors)
    if count > MOST_TOLD:
        return (*faults, more_faults(count, len(faults)))
    if not isinstance(document, Mapping):
        return faults
    return (*faults, *_sound_licence_faults(document, {tuple(one["loc"]) for one in errors}))


def _document_faults(errors: Sequence[Mapping[str, Any]]) -> tuple[Fault, ...]:
    return tuple(_fault({**one, "loc": ("body", *one["loc"])}) for one in errors)


def _fault(error: Mapping[str, Any]) -> Fault:
    """Paths are JSON pointers into the body; the name alone for query parameters and headers."""
    place, *path = error["loc"]
    pointer = "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in path)
    code = str(error["type"]).replace("_", "-")
    return Fault(pointer if place == "body" else pointer.removeprefix("/"), code, str(error["msg"]))


@dataclass(frozen=True, slots=True)
class Authorities:
    """What is set for each authority: its time zone, None when there is none, and how many years its licences run."""

    zone_of: Callable[[str], str | None]
    years_of: Callable[[str], int]


def licence_faults(body: LicenceTerms, authorities: Authorities, *, issued: bool = False) -> tuple[Fault, ...]:
    """Faults of a licence whose fields are all well formed. `issued`: it is amended, so a line may be down to 0."""
    return stated_faults(body, body.revision_of(1, "", (), _UNDATED), authorities, issued=issued)


def stated_faults(
    body: LicenceTerms, licence: Licence, authorities: Authorities, *, issued: bool = False
) -> tuple[Fault, ...]:
    """The same for who has made the licence of the body already, as it is stated there."""
    unknown = Fault("/authority", "authority-unknown", "no time zone is configured for this authority")
    may_be_none = issued or licence.replaces is not None
    return (
        *(() if authorities.zone_of(body.authority) else (unknown,)),
        *terms.holder_faults(licence.type, licence.holder),
        *terms.period_faults(body.valid_from, body.valid_to),
        *terms.lines_missing(body.lines),
        *_line_faults(_placed(body, licence), terms.lowered_faults if may_be_none else terms.line_faults),
        *kind_faults(licence, authorities.years_of(body.authority)),
    )


def _placed(body: LicenceTerms, licence: Licence) -> Lines:
    """The lines of the licence, which stand in order of their numbers, in that of the body."""
    places = sorted(range(len(body.lines)), key=lambda place: body.lines[place].line)
    return sorted(zip(places, licence.lines, strict=True), key=itemgetter(0))


def refusal_faults(body: RefusalBody) -> tuple[Fault, ...]:
    """Faults of a refusal whose fields are all well formed."""
    return tuple(_goods_faults(enumerate(body.goods)))


def _sound_licence_faults(body: Mapping[str, Any], broken: Broken) -> Iterable[Fault]:
    tops = {path[0] for path in broken if path}
    if not tops & {"type", "holder"}:
        yield from terms.holder_faults(
            named(LicenceType, body["type"]), PartyBody.model_validate(body["holder"]).party()
        )
    if not tops & {"valid_from", "valid_to"}:
        period = Period.model_validate({name: body.get(name) for name in Period.model_fields})
        yield from terms.period_faults(period.valid_from, period.valid_to)
    of = terms.line_faults if body.get("replaces") is None else terms.lowered_faults
    sound = _sound(LineBody, "lines", body, broken)
    yield from _line_faults([(place, line.licence_line()) for place, line in sound], of)


def _sound(part: type[P], name: str, body: Mapping[str, Any], broken: Broken) -> list[tuple[int, P]]:
    """The elements of a list that have no fault of their own, with their places."""
    if (name,) in broken or name not in body:
        return []
    bad = {path[1] for path in broken if len(path) > 1 and path[0] == name}
    return [(place, part.model_validate(raw)) for place, raw in enumerate(body[name]) if place not in bad]


def _line_faults(
    lines: Lines,
    of: Callable[[int, LicenceLine], Iterable[Fault]] = terms.line_faults,
) -> Iterable[Fault]:
    yield from terms.numbering_faults([(place, line.line) for place, line in lines])
    for place, line in lines:
        yield from of(place, line)
        if not (stated := bundled()).knows(line.control_code):
            near = ", ".join(stated.nearest(line.control_code)) or "nothing"
            detail = f"{line.control_code} is not in Annex I ({stated.version}); nearest: {near}"
            yield Fault(f"/lines/{place}/control_code", "control-code-unknown", detail)


def _goods_faults(goods: Iterable[tuple[int, GoodsBody]]) -> Iterable[Fault]:
    for place, one in goods:
        yield from terms.goods_faults(place, one.goods())
