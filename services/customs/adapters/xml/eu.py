"""Messages of the EU systems: which kinds are read, and by whom."""

from datetime import tzinfo

from lxml import etree

from services.customs.adapters.xml.aes import AES
from services.customs.adapters.xml.eu_message import not_read, read_message
from services.customs.adapters.xml.ncts import NCTS
from services.customs.adapters.xml.reader import local
from services.customs.domain.reading import Reading

_SYSTEMS = {kind: system for system in (AES, NCTS) for kind in system.kinds}
KINDS = tuple(sorted(_SYSTEMS))


def read(message: etree._Element, zone: tzinfo) -> Reading:
    """What a message says. Refused 422 with the path of each fault, or when its kind is not read here."""
    system = _SYSTEMS.get(local(message))
    if system is None:
        raise not_read(message, KINDS)
    return read_message(message, system, zone)
