"""Whose turn it is in a dossier that the authorities share: the door and the ledger say the same."""

from services.core.messages import AdviceState, Dossier, DossierSide, Involvement


def decides(of: Dossier) -> DossierSide:
    """Whose turn the advice is: the commission's, then the minister's; of one asked for voluntarily, the region's."""
    asked = of.advice is not None and of.advice.state is AdviceState.GIVEN
    return DossierSide.REGION if asked and of.involvement is Involvement.VOLUNTARY else DossierSide.FEDERAL
