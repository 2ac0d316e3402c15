"""An export declaration as lodged, before customs gives it an MRN."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.core.facts import Fact
from services.core.messages import (
    DeclarationAccepted,
    DeclarationForm,
    Document,
    Item,
    Party,
    Source,
)
from services.core.values import CountryCode, Mrn


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """The content of a declaration, whatever format it came in. Items are in ascending order.

    `pre_lodged`: the goods are still to be presented. `completes`: the simplified declarations that a supplementary one
    completes. `border_mode`: DE 19 03. `references`: the consignment references (UCR) under which its goods move.
    """

    office_of_export: str | None
    procedure: str
    exporter: Party
    declarant: Party | None
    consignee: Party | None
    country_of_destination: CountryCode
    items: tuple[Item, ...]
    form: DeclarationForm = DeclarationForm.STANDARD
    pre_lodged: bool = False
    completes: tuple[Mrn, ...] = ()
    office_of_exit: str | None = None
    border_mode: str | None = None
    containerised: bool = False
    references: tuple[str, ...] = ()

    def accepted(
        self, *, mrn: Mrn, lrn: str | None, version: int, accepted_at: datetime, amended_at: datetime | None = None
    ) -> DeclarationAccepted:
        """The fact that customs accepted this declaration; `stated_by` gives it its id and sources."""
        return DeclarationAccepted(
            fact_id="",
            mrn=mrn,
            lrn=lrn,
            version=version,
            accepted_at=accepted_at,
            amended_at=amended_at,
            office_of_export=self.office_of_export,
            procedure=self.procedure,
            exporter=self.exporter,
            declarant=self.declarant,
            consignee=self.consignee,
            country_of_destination=self.country_of_destination,
            items=self.items,
            form=self.form,
            pre_lodged=self.pre_lodged,
            completes=self.completes,
            office_of_exit=self.office_of_exit,
            border_mode=self.border_mode,
            containerised=self.containerised,
        )


def stated_by(fact: Fact, fact_id: str, sources: Sequence[Source]) -> Fact:
    """The fact with its identity and the messages it rests on."""
    return replace(fact, fact_id=fact_id, sources=tuple(sources))


def with_common_documents(items: Sequence[Item], common: Sequence[Document]) -> tuple[Item, ...]:
    """Documents of the whole consignment hold for every item that does not state them itself.

    They follow the item's own, so that positions of an amendment count only what the item states. They carry no
    write-off figures (allowed at item level only, DE 12 03), so citing a licence there shows as a missing write-off
    instead of as no licence at all.
    """
    return tuple(_with_common(item, common) for item in items) if common else tuple(items)


def _with_common(item: Item, common: Sequence[Document]) -> Item:
    own = {(d.type, d.reference) for d in item.documents}
    return replace(item, documents=(*item.documents, *(d for d in common if (d.type, d.reference) not in own)))


def in_order(items: Sequence[Item]) -> tuple[Item, ...]:
    return tuple(sorted(items, key=lambda item: item.item))
