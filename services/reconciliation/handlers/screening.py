"""The screening fold: in each partition a list of refusals and denials, with which its shipments are compared.

A refusal comes in one partition and concerns shipments of all: that one puts it on its own list, and out a copy for
each other. So a shipment is compared with what its partition knows by then.

Dossiers pass here too, for they are of no licence's ledger: what one says to be late is raised, and nothing is kept.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from services.core.decision import Decision
from services.core.errors import Corrupt, Rejected
from services.core.messages import Denial, Dossier, Refusal, Screening, Watched, WatchedKind
from services.reconciliation.domain.late_dossier import ran_out
from services.reconciliation.domain.rule_set import RuleSet
from services.reconciliation.domain.rules import DEFAULT_RULE_SET
from services.reconciliation.domain.screening import resemblances
from services.reconciliation.domain.watch_list import WatchList, key_of, with_entry

ALONE: Final = ("share-0",)
"""The shares when there is one partition."""


def watch_for_refusal(
    state: WatchList, refusal: Refusal, now: datetime, *, shares: Sequence[str] = ALONE
) -> Decision[WatchList]:
    """The list with a refusal as it now is; outputs: a copy for each other share.

    Replay: the highest revision counts. Corrupt when a revision comes back with other content.
    """
    del now
    kind, ref, revision = WatchedKind.REFUSAL, refusal.ref, refusal.revision
    return _spread(state, Watched(share=state.share, kind=kind, ref=ref, revision=revision, refusal=refusal), shares)


def watch_for_denial(
    state: WatchList, denial: Denial, now: datetime, *, shares: Sequence[str] = ALONE
) -> Decision[WatchList]:
    """The same for a denial, which a later revision may revoke."""
    del now
    kind, ref, revision = WatchedKind.DENIAL, denial.ref, denial.revision
    return _spread(state, Watched(share=state.share, kind=kind, ref=ref, revision=revision, denial=denial), shares)


def watch_for_copy(state: WatchList, watched: Watched, now: datetime) -> Decision[WatchList]:
    """The list with what another partition was told. Replay as there.

    Rejected when it is of another share, or holds nothing to compare with.
    """
    del now
    if watched.share != state.share:
        raise Rejected(f"watched {watched.identity} is of {watched.share}, this is the list of {state.share}")
    content = {WatchedKind.REFUSAL: watched.refusal, WatchedKind.DENIAL: watched.denial}.get(watched.kind)
    if content is None:
        raise Rejected(f"watched {watched.identity} holds no {watched.kind.lower()}")
    return Decision(state if _is_repeat(state, watched) else with_entry(state, watched))


def say_what_ran_out(
    state: WatchList, dossier: Dossier, now: datetime, *, rule_set: RuleSet = DEFAULT_RULE_SET
) -> Decision[WatchList]:
    """Raise what this revision of a dossier says to be late; the list stays as it is.

    Replay: the same findings, by their ids.
    """
    del now
    return Decision(state, tuple(ran_out(dossier, rule_set.name)))


def _spread(state: WatchList, watched: Watched, shares: Sequence[str]) -> Decision[WatchList]:
    if _is_repeat(state, watched):
        return Decision(state)
    copies = (replace(watched, share=share) for share in shares if share != state.share)
    return Decision(with_entry(state, watched), tuple(copies))


def _is_repeat(state: WatchList, watched: Watched) -> bool:
    known = state.entries.get(key_of(watched))
    if known is None or watched.revision > known.revision:
        return False
    if watched.revision == known.revision and watched != known:
        raise Corrupt(
            f"{watched.kind.lower()} {watched.ref} revision {watched.revision} came before with other content"
        )
    return True


def screen(
    state: WatchList, asked: Screening, now: datetime, *, rule_set: RuleSet = DEFAULT_RULE_SET
) -> Decision[WatchList]:
    """What a shipment resembles, as far as this partition knows by now.

    Replay: a repeat is answered again, each answer named by what was compared; the shipment knows what it was told.
    """
    del now
    return Decision(state, resemblances(state, asked, rule_set.codes))
