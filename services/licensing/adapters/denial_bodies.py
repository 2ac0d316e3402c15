"""Denials as JSON: what the door takes, what is stored, and what it shows."""

from dataclasses import replace
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from services.core.errors import Fault
from services.core.message import plain
from services.core.messages import Denial, DenialStatus, DeniedParty, RefusedGoods
from services.licensing.adapters.bodies import GoodsBody, StoredChange
from services.licensing.adapters.fields import (
    Body,
    Country,
    Day,
    Instant,
    LongText,
    Reference,
    ShortText,
)
from services.licensing.adapters.views import change_view, day_text, goods_view, time_text
from services.licensing.adapters.words import named, word
from services.licensing.domain.denials import Outcome, Review, is_overdue, new_denial
from services.licensing.domain.terms import goods_faults

Role = Literal["end_user", "consignee", "third_party"]


class DeniedPartyBody(Body):
    role: Role
    name: ShortText
    address: ShortText | None = None
    country: Country | None = None

    def party(self) -> DeniedParty:
        return DeniedParty(role=self.role, name=self.name, address=self.address, country=self.country)


class DeniedGoodsBody(GoodsBody):
    """Goods as the notifying state wrote them: its entries need not be ones of Annex I."""

    control_code: ShortText | None = None


class DenialBody(Body):
    """A denial as it was notified."""

    ref: Reference
    regime_ref: ShortText | Literal[""] = ""
    notifying_state: ShortText
    denied_at: Day | None = None
    parties: Annotated[list[DeniedPartyBody], Field(min_length=1, max_length=999)]
    goods: Annotated[list[DeniedGoodsBody], Field(min_length=1, max_length=999)]
    destination: Country | None = None
    end_use: LongText | None = None
    grounds: LongText | None = None

    def denial(self, at: datetime) -> Denial:
        """Revision 1."""
        return new_denial(self.at_revision(1, at))

    def at_revision(self, revision: int, changed_at: datetime) -> Denial:
        return Denial(
            ref=self.ref,
            revision=revision,
            regime_ref=self.regime_ref,
            notifying_state=self.notifying_state,
            denied_at=self.denied_at,
            status=DenialStatus.VALID,
            parties=tuple(party.party() for party in self.parties),
            goods=tuple(goods.goods() for goods in self.goods),
            destination=self.destination,
            end_use=self.end_use,
            grounds=self.grounds,
            changed_at=changed_at,
        )


class ReviewBody(Body):
    """A review that was held; without a day, today."""

    outcome: Literal["renewed", "revoked"]
    actor: ShortText
    reviewed_at: Day | None = None
    reason: LongText | None = None

    def review(self, ref: str, at: datetime) -> Review:
        return Review(ref, Outcome(self.outcome), self.reviewed_at or at.date(), self.reason, self.actor, at)


class PartyAsked(Body):
    name: ShortText
    country: Country | None = None


class CheckBody(Body):
    """A transaction that is to be granted: its goods, and who receives or uses them."""

    application: Reference | None = None
    consignees: Annotated[list[PartyAsked], Field(default_factory=list, max_length=99)]
    end_users: Annotated[list[PartyAsked], Field(min_length=1, max_length=99)]
    goods: Annotated[list[DeniedGoodsBody], Field(min_length=1, max_length=99)]

    def parties(self) -> list[DeniedParty]:
        """Who receives or uses them, end users first."""
        roles = (("end_user", self.end_users), ("consignee", self.consignees))
        return [DeniedParty(role=role, name=one.name, country=one.country) for role, many in roles for one in many]

    def wanted(self) -> list[RefusedGoods]:
        """What is to be exported."""
        return [one.goods() for one in self.goods]


def denial_faults(body: DenialBody, today: date) -> tuple[Fault, ...]:
    """Faults of a denial whose fields are all well formed."""
    early = body.denied_at is not None and body.denied_at > today
    future = Fault("/denied_at", "in-the-future", f"a denial is recorded once it was decided: today is {today}")
    goods = (fault for place, one in enumerate(body.goods) for fault in goods_faults(place, one.goods()))
    return (*((future,) if early else ()), *goods)


def denial_view(denial: Denial, today: date) -> dict[str, Any]:
    """The answer of the door."""
    return {**denial_content(denial), "review_overdue": is_overdue(denial, today)}


def denial_content(denial: Denial) -> dict[str, Any]:
    """A denial as it is stored; `denial_of` reads it."""
    return {
        "ref": denial.ref,
        "revision": denial.revision,
        "regime_ref": denial.regime_ref,
        "notifying_state": denial.notifying_state,
        "denied_at": day_text(denial.denied_at),
        "status": word(denial.status),
        "reviewed_at": day_text(denial.reviewed_at),
        "review_due": day_text(denial.review_due),
        "reviews": denial.reviews,
        "parties": [plain(party) for party in denial.parties],
        "goods": [goods_view(goods) for goods in denial.goods],
        "destination": denial.destination,
        "end_use": denial.end_use,
        "grounds": denial.grounds,
        "change": denial.change and change_view(denial.change),
        "changed_at": time_text(denial.changed_at),
    }


class _Stored(DenialBody):
    revision: int
    status: Literal["valid", "revoked"]
    reviewed_at: Day | None
    review_due: Day | None
    reviews: int
    change: StoredChange | None
    changed_at: Instant


def denial_of(content: Any) -> Denial:
    """A stored denial."""
    stored = _Stored.model_validate(content)
    base = stored.at_revision(stored.revision, stored.changed_at)
    return replace(
        base,
        status=named(DenialStatus, stored.status),
        reviewed_at=stored.reviewed_at,
        review_due=stored.review_due,
        reviews=stored.reviews,
        change=stored.change.made() if stored.change else None,
    )
