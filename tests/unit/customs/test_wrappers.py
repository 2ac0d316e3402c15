"""National transports of AES and NCTS: whatever is around a message, it says the same."""

import re
from collections.abc import Callable, Mapping

import pytest

from services.core.errors import Refused
from services.customs.adapters.xml import eu
from tests.unit.customs.test_aes import faults, read
from tests.unit.customs.written import cc515c
from tests.unit.customs.written_eu import AES_SAMPLES
from tests.unit.customs.written_ncts import NCTS_SAMPLES

SAMPLES = {**AES_SAMPLES, **NCTS_SAMPLES}
SPAIN = "https://www2.agenciatributaria.gob.es/static_files/aduanas/es/aeat/adex/jdit/ws/aes/CC515CV1Ent.xsd"
SOAP_11 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP_12 = "http://www.w3.org/2003/05/soap-envelope"
ROOT = re.compile(r"<(?:ecs|ncts):(CC...C)([^>]*)>")


def bare(body: bytes) -> str:
    """The message without XML declaration, root and all in no namespace."""
    text = ROOT.sub(r"<\1>", body.decode().split("?>", 1)[-1])
    return re.sub(r"</(?:ecs|ncts):", "</", text)


def qualified(body: bytes, prefix: str, namespace: str) -> str:
    text = re.sub(r"<(/?)([A-Za-z])", rf"<\1{prefix}:\2", bare(body))
    return re.sub(r"(CC...C)>", rf'\1 xmlns:{prefix}="{namespace}">', text, count=1)


def soap(version: str) -> Callable[[bytes], str]:
    def wrap(body: bytes) -> str:
        header = "<e:Header><token>x</token></e:Header>"
        return f'<e:Envelope xmlns:e="{version}">{header}<e:Body>{bare(body)}</e:Body></e:Envelope>'

    return wrap


def spanish(body: bytes) -> str:
    """An element of the national service around the message, and everything in the service's namespace."""
    inner = re.sub(r"<(/?)([A-Za-z])", r"<\1ent:\2", bare(body))
    kind = f'<ent:Entrada xmlns:ent="{SPAIN}" Id="1">{inner}</ent:Entrada>'
    return f'<s:Envelope xmlns:s="{SOAP_11}"><s:Body>{kind}</s:Body></s:Envelope>'


def british(body: bytes) -> str:
    """`Header` and `Body` inside the message."""
    text = bare(body)
    header, rest = text.split("</messageType>", 1)
    root, fields = header.split(">", 1)
    return f"{root}><Header>{fields}</messageType></Header><Body>{rest.replace('</CC', '</Body></CC')}"


WRAPPERS: Mapping[str, Callable[[bytes], str]] = {
    "no namespace": bare,
    "default namespace": lambda body: re.sub(r"(CC...C)>", r'\1 xmlns="http://ecs.dgtaxud.ec">', bare(body), count=1),
    "every element with a prefix": lambda body: qualified(body, "n1", "http://ecs.dgtaxud.ec"),
    "a national namespace": lambda body: qualified(body, "x", "urn:national:aes"),
    "with PhaseID": lambda body: re.sub(r"(CC...C)>", r'\1 PhaseID="AES-P1">', bare(body), count=1),
    "SOAP 1.1": soap(SOAP_11),
    "SOAP 1.2": soap(SOAP_12),
    "Spain": spanish,
    "a mailbox with its own fields": lambda body: f"<Mailbox><id>7</id>{bare(body)}<read>no</read></Mailbox>",
    "Header and Body inside": british,
}


@pytest.mark.parametrize("kind", eu.KINDS)
@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_a_wrapped_message_says_the_same(kind: str, wrapper: str) -> None:
    plain = SAMPLES[kind]
    wrapped = WRAPPERS[wrapper](plain)
    assert wrapped.encode() != plain
    assert read(wrapped.encode()) == read(plain)


def test_the_path_of_a_fault_leads_through_the_wrappers() -> None:
    body = spanish(cc515c().replace(b"<quantity>1<", b"<quantity>0<")).encode()
    path = "/Envelope/Body/Entrada/CC515C/GoodsShipment/GoodsItem/SupportingDocument/quantity"
    assert faults(body) == [(path, "value.invalid")]
    body = british(cc515c().replace(b"<LRN>ANR-2026-77</LRN>", b"")).encode()
    assert faults(body) == [("/CC515C/Body/ExportOperation/LRN", "element.missing")]


def test_two_messages_in_one_wrapper_are_no_message() -> None:
    with pytest.raises(Refused) as refused:
        read(f"<Mailbox>{bare(cc515c())}{bare(cc515c())}</Mailbox>".encode())
    assert refused.value.status == 415
