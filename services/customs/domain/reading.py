"""What one received message says, once its format is read."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256

from services.core.errors import Fault
from services.core.facts import Fact
from services.core.messages import DeclarationAmended, ItemAmendment, Party, Source
from services.core.values import CountryCode, Mrn
from services.customs.domain.declaration import Declaration, stated_by


@dataclass(frozen=True, slots=True)
class Lodged:
    """A declaration without an MRN: it gives no fact until customs accepts it."""

    declaration: Declaration


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Customs accepted a declaration known by its LRN. `correlates`: the source's id of what was lodged, if given.

    `pre_lodged`: whether customs has only registered it so far, the goods are still to be presented; None where the
    declaration itself says.
    """

    mrn: Mrn
    accepted_at: datetime
    version: int
    correlates: str | None = None
    pre_lodged: bool | None = None


@dataclass(frozen=True, slots=True)
class Amended:
    """A whole declaration as it shall stand once customs accepts the amendment. `mrn`: of the one amended, if known."""

    declaration: Declaration
    mrn: Mrn | None


@dataclass(frozen=True, slots=True)
class AmendmentAcceptance:
    """Customs accepted an amendment. `declaration`: the amended one, where the message repeats it."""

    mrn: Mrn | None
    amended_at: datetime
    correlates: str | None = None
    declaration: Declaration | None = None


@dataclass(frozen=True, slots=True)
class Rejection:
    """Customs rejected a lodged declaration or an amendment: it never becomes a fact."""

    mrn: Mrn | None
    of_amendment: bool = False


@dataclass(frozen=True, slots=True)
class Stated:
    """A fact of its own, without id and sources yet."""

    fact: Fact


@dataclass(frozen=True, slots=True)
class Amendment:
    """A WCO amendment by pointers: what is None stays. Without a time of issue the time of receipt counts.

    `asked`: the declarant asks for it, and it takes effect when customs grants it; else it is customs' own.
    """

    mrn: Mrn
    amended_at: datetime | None
    items: tuple[ItemAmendment, ...]
    exporter: Party | None = None
    consignee: Party | None = None
    country_of_destination: CountryCode | None = None
    office_of_exit: str | None = None
    border_mode: str | None = None
    containerised: bool | None = None
    asked: bool = False

    @property
    def changes(self) -> bool:
        """Whether it changes anything that is read here."""
        return self != Amendment(self.mrn, self.amended_at, (), asked=self.asked)


@dataclass(frozen=True, slots=True)
class Cancellation:
    """A request to cancel a declaration, with its reason if any."""

    mrn: Mrn
    reason: str | None


@dataclass(frozen=True, slots=True)
class Answered:
    """Customs' answer to a request to amend or to cancel. `granted`: None for a status that decides neither."""

    mrn: Mrn
    granted: bool | None
    status: str | None = None


class Word(StrEnum):
    """Whose word a movement is: somebody asks customs to record it, customs does or refuses."""

    ASKED = "asked"
    GRANTED = "granted"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Moved:
    """What happened to the goods under one consignment reference: they left, or else arrived. `at`: when, if told."""

    ucr: str
    left: bool
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Placed:
    """A consignment reference is put under a master reference; `master` None: it is taken from the one it was under."""

    ucr: str
    master: str | None


@dataclass(frozen=True, slots=True)
class Movement:
    """A movement of goods that names no MRN: it is about each declaration that names the reference.

    `reference`: the movement's own, by which an answer finds what was asked. `answers`: the references of which customs
    says that it placed them, or others under them, as was asked; it names one of both only.
    """

    word: Word
    moved: tuple[Moved, ...] = ()
    reference: str | None = None
    placed: tuple[Placed, ...] = ()
    answers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NothingToDo:
    """A message that changes nothing, and why."""

    reason: str


Statement = (
    Lodged
    | Acceptance
    | Amended
    | AmendmentAcceptance
    | Rejection
    | Stated
    | Amendment
    | Cancellation
    | Answered
    | Movement
    | NothingToDo
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One message as read.

    `identity` is what makes it recognisable at its source; empty when its format has nothing of the kind, then its
    SHA-256 counts. `system` keeps LRNs of different formats apart. `stated_at` is the message's own time, if any.
    """

    kind: str
    system: str
    identity: tuple[str, ...]
    message_id: str | None
    statement: Statement
    mrn: Mrn | None = None
    lrn: str | None = None
    declarant: str | None = None
    stated_at: datetime | None = None
    warnings: tuple[Fault, ...] = ()

    @property
    def amends(self) -> Mrn | None:
        """The MRN under which it joins others that amend the same declaration; those without MRN join by LRN."""
        statement = self.statement
        if isinstance(statement, Amended | AmendmentAcceptance | Cancellation | Answered):
            return statement.mrn
        if isinstance(statement, Amendment):
            return statement.mrn if statement.asked else None
        return statement.mrn if isinstance(statement, Rejection) and statement.of_amendment else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """A message in the log.

    `closed`: a lodged or amended declaration that customs rejected. `stated`: what it says took effect before.
    """

    id: str
    party: str
    sha256: str
    received_at: datetime
    reading: Reading
    closed: bool = False
    stated: bool = False

    @property
    def source(self) -> Source:
        return Source(
            message_id=self.id,
            party=self.party,
            kind=self.reading.kind,
            sha256=self.sha256,
            received_at=self.received_at,
        )

    @property
    def joins(self) -> bool:
        """Whether it means something only together with other messages of its LRN or MRN."""
        return isinstance(self.reading.statement, Lodged | Acceptance | Amended | AmendmentAcceptance | Rejection)

    @property
    def order(self) -> tuple[datetime, str]:
        """Its place among the messages of its sender."""
        return (self.reading.stated_at or self.received_at, self.id)

    def later_than(self, other: "Logged") -> bool:
        """Whether it was issued after the other, so that the other cannot be its answer."""
        mine, theirs = self.reading.stated_at, other.reading.stated_at
        return mine is not None and theirs is not None and mine > theirs

    def fact(self) -> Fact | None:
        """The fact this message states by itself."""
        statement = self.reading.statement
        if isinstance(statement, Stated):
            return stated_by(statement.fact, self.id, [self.source])
        if isinstance(statement, Amendment) and not statement.asked:
            return self.requested()
        return None

    def requested(self) -> Fact | None:
        """The fact that the amendment it states makes, once it holds."""
        statement = self.reading.statement
        if not isinstance(statement, Amendment):
            return None
        return DeclarationAmended(
            fact_id=self.id,
            mrn=statement.mrn,
            sources=(self.source,),
            amended_at=statement.amended_at or self.received_at,
            items=statement.items,
            exporter=statement.exporter,
            consignee=statement.consignee,
            country_of_destination=statement.country_of_destination,
            office_of_exit=statement.office_of_exit,
            border_mode=statement.border_mode,
            containerised=statement.containerised,
        )

    def supports(self, fact: Fact) -> Fact:
        """The fact with this message as another it rests on."""
        return stated_by(fact, fact.fact_id, [*fact.sources, self.source])


def message_id(party: str, identity: tuple[str, ...]) -> str:
    """Our id of a message: the same for the same party and identity in every installation."""
    return sha256("\x1f".join((party, *identity)).encode()).hexdigest()[:32]
