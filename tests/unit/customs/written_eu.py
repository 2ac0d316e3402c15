"""One plausible message of every kind of AES and NCTS that is read, in the order of the common specification."""

from tests.unit.customs.written import DECLARANT, ITEM, LRN, MRN, OPERATION, aes, cc515c, cc528c

AT = "2026-03-02T10:30:00"
DECLARED_BY = f"<Declarant><identificationNumber>{DECLARANT}</identificationNumber></Declarant>"
CORRELATED = "<correlationIdentifier>{}</correlationIdentifier>"
EXIT_OFFICE = "<CustomsOfficeOfExitActual><referenceNumber>BE101000</referenceNumber></CustomsOfficeOfExitActual>"


def amount(figure: str, items: str = ITEM) -> str:
    """The item with another amount to write off."""
    assert "<amount>100000.00</amount>" in items
    return items.replace("<amount>100000.00</amount>", f"<amount>{figure}</amount>")


def cc513c(
    *, items: str = ITEM, mrn: str | None = MRN, lrn: str | None = None, identification: str = "m-513", at: str = AT
) -> bytes:
    """The whole declaration again, for an MRN or, before there is one, for an LRN."""
    number = (f"<LRN>{lrn}</LRN>" if lrn else "") + (f"<MRN>{mrn}</MRN>" if mrn else "")
    text = cc515c(items=items, identification=identification, at=at).decode().replace("CC515C", "CC513C")
    return text.replace(f"<LRN>{LRN}</LRN>", number).encode()


def cc504c(
    *,
    mrn: str | None = MRN,
    lrn: str | None = LRN,
    at: str = "2026-03-02T11:00:00",
    identification: str = "m-504",
    correlates: str | None = None,
    content: str = "",
) -> bytes:
    """Customs accepted an amendment. `content`: parts of the amended declaration that it repeats."""
    number = (f"<LRN>{lrn}</LRN>" if lrn else "") + (f"<MRN>{mrn}</MRN>" if mrn else "")
    when = f"<amendmentAcceptanceDateAndTime>{at}</amendmentAcceptanceDateAndTime>"
    which = CORRELATED.format(correlates) if correlates else ""
    body = f"{which}<ExportOperation>{number}{when}</ExportOperation>{content or DECLARED_BY}"
    return aes("CC504C", body, identification=identification, at=at)


def repeated(items: str = ITEM) -> str:
    """What a CC504C carries that repeats the declaration: offices, parties, goods."""
    text = cc515c(items=items).decode()
    return text[text.index("<CustomsOfficeOfExport>") : text.index("</ecs:CC515C>")].strip()


def cc556c(kind: str, *, mrn: str | None = MRN, lrn: str | None = LRN, at: str = "2026-03-02T10:45:00") -> bytes:
    """A functional rejection of the message of this number."""
    number = (f"<LRN>{lrn}</LRN>" if lrn else "") + (f"<MRN>{mrn}</MRN>" if mrn else "")
    operation = f"<ExportOperation>{number}<businessRejectionType>{kind}</businessRejectionType></ExportOperation>"
    error = (
        "<FunctionalError><errorPointer>/CC515C/GoodsShipment</errorPointer><errorCode>12</errorCode></FunctionalError>"
    )
    return aes("CC556C", operation + error, identification=f"m-556-{kind}-{at}", at=at)


def told(kind: str, operation: str = "", more: str = "", *, lrn: str = "", mrn: str = MRN, at: str = AT) -> bytes:
    """Any other message about an MRN."""
    body = f"<ExportOperation>{lrn}<MRN>{mrn}</MRN>{operation}</ExportOperation>{more}"
    return aes(kind, body, identification=f"m-{kind}-{mrn}", at=at)


def cc570c(kind: str = "CC570C", number: str = f"<LRN>{LRN}</LRN>", at: str = "2026-03-02T09:10:00") -> bytes:
    """A re-export notification: the goods of the declaration, its declarant, no exporter."""
    text = (
        cc515c(identification=f"m-{kind}", at=at)
        .decode()
        .replace("CC515C", kind)
        .replace(f"<LRN>{LRN}</LRN>{OPERATION}", number)
    )
    text = text.replace("<Exporter><identificationNumber>BE0314595348</identificationNumber></Exporter>", "")
    office = "<CustomsOfficeOfExport><referenceNumber>BE343000</referenceNumber></CustomsOfficeOfExport>"
    return text.replace(office, office.replace("OfExport", "OfExitDeclared")).encode()


LEFT = "<ExitControlResult><code>A1</code><exitDate>2026-03-02</exitDate></ExitControlResult>"

AES_SAMPLES: dict[str, bytes] = {
    "CC504C": cc504c(content=repeated()),
    "CC507C": told("CC507C", "", EXIT_OFFICE),
    "CC509C": told("CC509C", "", "<Invalidation><decision>1</decision><justification>x</justification></Invalidation>"),
    "CC511C": told(
        "CC511C", "<presentationOfTheGoodsDateAndTime>2026-03-02T10:00:00</presentationOfTheGoodsDateAndTime>"
    ),
    "CC513C": cc513c(),
    "CC514C": told("CC514C", "<invalidationReason>sold</invalidationReason>"),
    "CC515C": cc515c(),
    "CC518C": told("CC518C", "", EXIT_OFFICE + LEFT),
    "CC522C": told("CC522C", "<exitRejectionMotivation>seals broken</exitRejectionMotivation>", EXIT_OFFICE),
    "CC525C": told("CC525C", "<releaseDate>2026-03-02</releaseDate>", EXIT_OFFICE),
    "CC528C": cc528c(),
    "CC529C": told("CC529C", "<releaseDate>2026-03-02</releaseDate>"),
    "CC551C": told("CC551C", "<noReleaseMotivationText>no licence</noReleaseMotivationText>"),
    "CC556C": cc556c("515", mrn=None),
    "CC557C": cc556c("507", lrn=None).replace(b"CC556C", b"CC557C"),
    "CC570C": cc570c(),
    "CC571C": told(
        "CC571C",
        "<reExportNotificationRegistrationDate>2026-03-02</reExportNotificationRegistrationDate>",
        lrn=f"<LRN>{LRN}</LRN>",
    ),
    "CC573C": cc570c("CC573C", f"<MRN>{MRN}</MRN>", AT),
    "CC574C": cc504c(lrn=None).replace(b"CC504C", b"CC574C"),
    "CC590C": told("CC590C", "<exitDate>2026-03-02</exitDate><splitIndicator>1</splitIndicator>", EXIT_OFFICE),
    "CC599C": told("CC599C", "", EXIT_OFFICE + LEFT),
}
