"""What may stand beside a licence: the door enters what the ledger judges by."""

from typing import Final

from services.core.messages import AuthorisationKind

OF_SHIPMENTS: Final = frozenset({AuthorisationKind.RE_IMPORT, AuthorisationKind.RE_IMPORT_WAIVER})
"""Says what became of the goods of one shipment: it is no leg that a licence requires."""
