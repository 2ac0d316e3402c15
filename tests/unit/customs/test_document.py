"""What a stranger's XML may not do, and what it may look like."""

from datetime import UTC

import pytest

from services.core.errors import Refused
from services.customs.adapters import intake
from services.customs.adapters.xml import document
from tests.unit.customs.written import cc515c

LAUGHS = b"""<?xml version="1.0"?>
<!-- a comment first -->
<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>
<l>&c;</l>"""
EXTERNAL = b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>'


def refusal(body: bytes, charset: str | None = None) -> Refused:
    with pytest.raises(Refused) as refused:
        document.parse(body, charset)
    return refused.value


@pytest.mark.parametrize(
    "body",
    [LAUGHS, EXTERNAL, b"<!DOCTYPE x><x/>", EXTERNAL.decode().encode("utf-16"), b"\xef\xbb\xbf" + EXTERNAL],
    ids=["billion laughs", "external entity", "empty", "UTF-16", "byte order mark"],
)
def test_any_document_type_is_refused_before_it_is_parsed(body: bytes) -> None:
    refused = refusal(body)
    assert refused.status == 400
    assert [fault.code for fault in refused.faults] == ["xml.doctype"]


def test_the_place_of_a_document_type_is_told() -> None:
    assert refusal(LAUGHS).faults[0].path == "line 3, column 1"


def test_a_document_type_in_a_comment_is_only_a_comment() -> None:
    assert document.parse(b"<!-- <!DOCTYPE x> --><x/>").tag == "x"


def test_an_entity_nobody_declared_is_malformed() -> None:
    assert refusal(b"<x>&e;</x>").status == 400


def test_a_message_of_more_than_five_mebibytes_is_too_large() -> None:
    assert refusal(b"<x>" + b" " * document.LARGEST + b"</x>").status == 413


def test_a_message_just_within_the_limit_is_read() -> None:
    filling = b"<!--" + b" " * 1_000 + b"-->"
    whole, rest = divmod(document.LARGEST - 7, len(filling))
    body = b"<x>" + filling * whole + b" " * rest + b"</x>"
    assert len(body) == document.LARGEST
    assert document.parse(body).tag == "x"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"<x " + b" ".join(b'a%d=""' % n for n in range(200_000)) + b"/>", "xml.length"),
        (b"<x " + b" ".join(b'a%d=""' % n for n in range(100)) + b"/>", "xml.attributes"),
        (b"<x " + b" ".join(b'xmlns:a%d="u"' % n for n in range(100)) + b"/>", "xml.namespaces"),
        (
            b"".join(b'<x xmlns:a%d="u%d" xmlns:b%d="u">' % (n, n, n) for n in range(60)) + b"</x>" * 60,
            "xml.namespaces",
        ),
        (b"<x><y>" + b"9" * 70_000 + b"</y></x>", "xml.length"),
        (b"<x>" * 100 + b"</x>" * 100, "xml.depth"),
        (b"<x>" * 100_000, "xml.malformed"),
        (b"<x>" + b"<y/>" * 310_000 + b"</x>", "xml.elements"),
    ],
    ids=[
        "200 000 attributes",
        "100 attributes",
        "100 namespaces",
        "120 nested namespaces",
        "a long text",
        "depth 100",
        "depth 100 000",
        "310 000 elements",
    ],
)
def test_a_tree_larger_than_any_declaration_is_refused(body: bytes, code: str) -> None:
    refused = refusal(body)
    assert (refused.status, refused.faults[0].code) == (400, code)


def test_malformed_xml_is_refused_with_line_and_column() -> None:
    refused = refusal(b'<?xml version="1.0"?>\n<a>\n  <b></c>\n</a>')
    assert refused.status == 400
    assert refused.faults[0].path == "line 3, column 10"
    assert refused.faults[0].detail.startswith("line 3, column 10: ")


@pytest.mark.parametrize(
    ("body", "charset"),
    [
        ('<?xml version="1.0" encoding="ISO-8859-1"?><x>Züri</x>'.encode("latin-1"), None),
        ('<?xml version="1.0" encoding="windows-1252"?><x>Züri</x>'.encode("cp1252"), None),
        ('<?xml version="1.0" encoding="UTF-16"?><x>Züri</x>'.encode("utf-16"), None),
        ("<x>Züri</x>".encode("utf-16-le"), None),
        ("<x>Züri</x>".encode("utf-8-sig"), None),
        ("<x>Züri</x>".encode(), "utf-8"),
        ('<?xml version="1.0" encoding="UTF-8"?><x>Züri</x>'.encode("latin-1"), "iso-8859-1"),
    ],
)
def test_character_sets_of_the_field_are_read(body: bytes, charset: str | None) -> None:
    assert document.parse(body, charset).text == "Züri"


@pytest.mark.parametrize("name", ["utf-7", "utf-32", "ebcdic-cp-be", "no-such-thing", "rot13", "zlib"])
def test_other_character_sets_are_refused(name: str) -> None:
    body = f'<?xml version="1.0" encoding="{name}"?><x/>'.encode()
    assert refusal(body).status == 415
    assert refusal(b"<x/>", name).status == 415


def test_bytes_that_are_not_in_their_character_set_are_malformed() -> None:
    refused = refusal(b"<x>\n\xff</x>")
    assert (refused.status, refused.faults[0].path) == (400, "line 2, column 1")


def test_text_around_comments_is_one_text() -> None:
    assert document.parse(b"<x>1<!-- -->2<?pi?>3</x>").text == "123"


def test_a_message_in_utf_16_says_the_same() -> None:
    body = cc515c()
    again = body.decode().replace('encoding="UTF-8"', 'encoding="UTF-16"').encode("utf-16")
    assert intake.read(again, "application/xml", None, UTC) == intake.read(body, "application/xml", None, UTC)


@pytest.mark.parametrize("media_type", ["", "text/plain", "application/octet-stream", "application/avro"])
def test_other_media_types_are_refused(media_type: str) -> None:
    with pytest.raises(Refused) as refused:
        intake.read(cc515c(), media_type, None, UTC)
    assert refused.value.status == 415


@pytest.mark.parametrize("root", ["html", "Envelope", "CC515", "DMSACC"])
def test_other_documents_are_an_unknown_type(root: str) -> None:
    with pytest.raises(Refused) as refused:
        intake.read(f"<{root}/>".encode(), "application/xml", None, UTC)
    assert refused.value.status == 415


@pytest.mark.parametrize("root", ["CC560C", "CD501C", "CC515D", "CC045C"])
def test_another_message_of_aes_or_ncts_is_named_with_what_is_read(root: str) -> None:
    with pytest.raises(Refused) as refused:
        intake.read(f"<Envelope><{root}/></Envelope>".encode(), "application/xml", None, UTC)
    (fault,) = refused.value.faults
    assert (refused.value.status, fault.path, fault.code) == (422, f"/Envelope/{root}", "message.not-read")
    assert fault.detail.startswith(f"{root} is not read here; read are CC004C, ")


def test_the_place_of_a_text_that_is_too_long_is_where_it_begins() -> None:
    assert refusal(b"<x>\n <y>" + b"9" * 70_000 + b"</y></x>").faults[0].path == "line 2, column 2"


def test_an_element_that_holds_too_many_others_is_named() -> None:
    (fault,) = refusal(b"<x>\n<y>" + b"<z/>" * 20_001 + b"</y></x>").faults
    assert (fault.path, fault.code) == ("line 2, column 1", "xml.elements")
    assert len(document.parse(b"<x>" + b"<z/>" * 20_000 + b"</x>")) == 20_000


@pytest.mark.parametrize("between", [b"", b"<q/>" * 19_000], ids=["short", "long"])
def test_an_element_with_too_many_attributes_is_named_in_a_text_of_any_length(between: bytes) -> None:
    attributes = b"".join(b' a%d=""' % n for n in range(65))
    (fault,) = refusal(b"<x>" + between + b"\n<y" + attributes + b"/></x>").faults
    assert (fault.path, fault.code) == ("line 2, column 1", "xml.attributes")


FIFTY_ATTRIBUTES = b"<y" + b"".join(b' a%d=""' % n for n in range(50)) + b"/>"


@pytest.mark.parametrize(
    ("element", "code"), [(FIFTY_ATTRIBUTES, "xml.attributes"), (b"<y/>" * 50, "xml.elements")], ids=["=", "<"]
)
def test_more_than_the_largest_message_has_room_for_is_refused_before_a_tree_is_made(element: bytes, code: str) -> None:
    body = b"<x>" + (b"<z>" + element + b"</z>") * 3_001 + b"</x>"
    assert [(fault.path, fault.code) for fault in refusal(body).faults] == [("line 1, column 1", code)]


def test_a_namespace_may_be_named_anew_at_every_element() -> None:
    """Some writers do; only those that hold at once are counted."""
    body = b"<x>" + b"".join(b'<p%d:y xmlns:p%d="u"/>' % (n, n) for n in range(1_000)) + b"</x>"
    assert len(document.parse(body)) == 1_000
