"""JSON messages about a declaration that was accepted: presentation, release, arrival, exit and what ends it."""

from typing import Annotated, Final, Literal

from pydantic import ConfigDict, Field, model_validator

from services.core.facts import Fact
from services.core.messages import (
    ArrivedAtExit,
    DeclarationInvalidated,
    ExitItem,
    ExitProof,
    ExitReleased,
    ExitResult,
    ExitStopped,
    GoodsExited,
    GoodsPresented,
    GoodsReleased,
    ReleaseOverridden,
    ReleaseRefused,
)
from services.core.values import Mrn
from services.customs.adapters.json.fields import (
    MOST_ITEMS,
    Amount,
    Long,
    MrnText,
    Name,
    Number,
    Office,
    Short,
    Strict,
    Time,
)
from services.customs.adapters.json.parts import once

_PROOFS: Final = {"exit": ExitProof.EXIT, "alternative": ExitProof.ALTERNATIVE}


class _Event(Strict):
    sender: Name
    message_id: Name
    mrn: MrnText

    @property
    def identified(self) -> Mrn:
        return self.mrn


class PresentationIn(_Event):
    """The goods of a pre-lodged declaration were presented: it is accepted from then on."""

    model_config = ConfigDict(title="presentation")

    kind: Literal["presentation"]
    presented_at: Time

    def fact(self) -> Fact:
        return GoodsPresented(fact_id="", mrn=self.mrn, presented_at=self.presented_at)


class ReleaseIn(_Event):
    """Customs released the goods."""

    model_config = ConfigDict(title="release")

    kind: Literal["release"]
    released_at: Time

    def fact(self) -> Fact:
        return GoodsReleased(fact_id="", mrn=self.mrn, released_at=self.released_at)


class NoReleaseIn(_Event):
    """Customs decided not to release the goods."""

    model_config = ConfigDict(title="no-release")

    kind: Literal["no-release"]
    decided_at: Time
    reason: Long | None = None

    def fact(self) -> Fact:
        return ReleaseRefused(fact_id="", mrn=self.mrn, decided_at=self.decided_at, reason=self.reason)


class OverrideIn(_Event):
    """An officer decided otherwise than the answer, or without it (Impl. Reg. (EU) 2024/2145 art. 8)."""

    model_config = ConfigDict(title="override")

    kind: Literal["override"]
    decided_at: Time
    officer: Short
    reason: Long

    def fact(self) -> Fact:
        return ReleaseOverridden(
            fact_id="", mrn=self.mrn, decided_at=self.decided_at, officer=self.officer, reason=self.reason
        )


class InvalidationIn(_Event):
    """Customs invalidated the declaration."""

    model_config = ConfigDict(title="invalidation")

    kind: Literal["invalidation"]
    invalidated_at: Time
    reason: Long | None = None

    def fact(self) -> Fact:
        return DeclarationInvalidated(fact_id="", mrn=self.mrn, invalidated_at=self.invalidated_at, reason=self.reason)


class ArrivalIn(_Event):
    """The goods arrived at an office of exit."""

    model_config = ConfigDict(title="arrival")

    kind: Literal["arrival"]
    arrived_at: Time
    office_of_exit: Office | None = None

    def fact(self) -> Fact:
        return ArrivedAtExit(fact_id="", mrn=self.mrn, arrived_at=self.arrived_at, office_of_exit=self.office_of_exit)


class ExitReleaseIn(_Event):
    """The office of exit released the goods for exit."""

    model_config = ConfigDict(title="exit-release")

    kind: Literal["exit-release"]
    released_at: Time
    office_of_exit: Office | None = None

    def fact(self) -> Fact:
        return ExitReleased(fact_id="", mrn=self.mrn, released_at=self.released_at, office_of_exit=self.office_of_exit)


class ExitStopIn(_Event):
    """The office of exit stopped the goods."""

    model_config = ConfigDict(title="exit-stop")

    kind: Literal["exit-stop"]
    stopped_at: Time
    office_of_exit: Office | None = None
    reason: Long | None = None

    def fact(self) -> Fact:
        return ExitStopped(
            fact_id="",
            mrn=self.mrn,
            stopped_at=self.stopped_at,
            office_of_exit=self.office_of_exit,
            reason=self.reason,
        )


class ExitItemIn(Strict):
    """Totals so far, in the unit and currency of the item's document."""

    item: Number
    quantity: Amount | None = None
    amount: Amount | None = None


class ExitIn(_Event):
    """The goods left, or part of them (`final` false): `items` are totals so far, unlisted ones left as declared."""

    model_config = ConfigDict(title="exit")

    kind: Literal["exit"]
    exited_at: Time
    result: Literal["A1", "A4", "B1"]
    final: bool = True
    proof: Literal["exit", "alternative"] = "exit"
    office_of_exit: Office | None = None
    items: Annotated[list[ExitItemIn], Field(max_length=MOST_ITEMS, default_factory=list)]

    @model_validator(mode="after")
    def _items_once(self) -> "ExitIn":
        once([item.item for item in self.items])
        return self

    def fact(self) -> Fact:
        return GoodsExited(
            fact_id="",
            mrn=self.mrn,
            exited_at=self.exited_at,
            result=ExitResult(self.result),
            final=self.final,
            proof=_PROOFS[self.proof],
            office_of_exit=self.office_of_exit,
            items=tuple(ExitItem(**i.model_dump()) for i in sorted(self.items, key=lambda i: i.item)),
        )
