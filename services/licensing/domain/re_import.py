"""That goods exported for a fair came back, or need not: what the authority may record of it.

Reg. (EU) 2021/821 annex II section D (EU004) part 3: point 1, re-imported within 120 days, complete and without
modification; point 2, the authority may waive that. Goods that came back changed or in part are not re-imported.
"""

from collections.abc import Iterator

from services.core.authorisations import OF_SHIPMENTS
from services.core.days import day_of
from services.core.errors import Fault
from services.core.messages import Authorisation, GeneralAuthorisation, Licence


def re_import_faults(licence: Licence, of: Authorisation) -> Iterator[Fault]:
    """What is wrong with a document of a shipment beside this licence. Paths name fields of the document."""
    if of.kind not in OF_SHIPMENTS:
        if of.mrn is not None:
            yield Fault("/mrn", "not-of-a-shipment", "a shipment is stated of a re-import or its waiver only")
        return
    if of.mrn is None:
        yield Fault("/mrn", "missing", "say of which shipment: the declaration the goods were exported with")
    if licence.general is not GeneralAuthorisation.EU004:
        yield Fault("/kind", "not-temporary", f"{licence.ref} is no registration under EU004: nothing must come back")
    if of.valid_from > day_of(of.changed_at, licence.time_zone):
        yield Fault("/valid_from", "in-the-future", "state the day on which it happened")
    if of.items or of.line is not None or of.quantity is not None or of.valid_to is not None:
        yield Fault(
            "/kind", "of-all-goods", "it is of all goods of the shipment; leave out goods, line, quantity, valid_to"
        )
