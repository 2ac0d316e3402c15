"""Transit messages as senders write them."""

from services.core.values import Mrn
from tests.unit.customs.written import DECLARANT, LRN

MRN = Mrn("26BE343000000001J3")
NCTS = "http://ncts.dgtaxud.ec"
HOLDER = (
    "<HolderOfTheTransitProcedure><identificationNumber>"
    f"{DECLARANT}</identificationNumber></HolderOfTheTransitProcedure>"
)

LICENCE = (
    "<SupportingDocument><sequenceNumber>1</sequenceNumber><type>X072</type>"
    "<referenceNumber>VL/2026/000321</referenceNumber><documentLineItemNumber>1</documentLineItemNumber>"
    "</SupportingDocument>"
)
ITEM = f"""
<ConsignmentItem>
  <goodsItemNumber>1</goodsItemNumber><declarationGoodsItemNumber>1</declarationGoodsItemNumber>
  <Commodity><descriptionOfGoods>isostatic press</descriptionOfGoods>
    <CommodityCode><harmonizedSystemSubHeadingCode>847983</harmonizedSystemSubHeadingCode></CommodityCode>
    <GoodsMeasure><grossMass>1300</grossMass><netMass>1200</netMass></GoodsMeasure></Commodity>
  <Packaging><sequenceNumber>1</sequenceNumber><typeOfPackages>CT</typeOfPackages></Packaging>{LICENCE}
</ConsignmentItem>"""


def ncts(
    kind: str, body: str, *, identification: str, sender: str = "NTA.BE", at: str = "2026-03-02T09:15:00"
) -> bytes:
    """An NCTS message with its header."""
    return f"""<ncts:{kind} PhaseID="NCTS5.0" xmlns:ncts="{NCTS}">
<messageSender>{sender}</messageSender><messageRecipient>X</messageRecipient>
<preparationDateAndTime>{at}</preparationDateAndTime>
<messageIdentification>{identification}</messageIdentification><messageType>{kind}</messageType>
{body}
</ncts:{kind}>""".encode()


def consignment(houses: str, *, destination: str = "IN", more: str = "", documents: str = "") -> str:
    stated = f"<countryOfDestination>{destination}</countryOfDestination>" if destination else ""
    return f"<Consignment>{stated}<grossMass>1300</grossMass>{more}{documents}{houses}</Consignment>"


def house(items: str = ITEM, *, more: str = "", documents: str = "") -> str:
    return (
        "<HouseConsignment><sequenceNumber>1</sequenceNumber>"
        f"{more}<grossMass>1300</grossMass>{documents}{items}</HouseConsignment>"
    )


def cc015c(
    goods: str | None = None,
    *,
    kind: str = "CC015C",
    number: str = f"<LRN>{LRN}</LRN>",
    procedure: str = "T1",
    holder: str = HOLDER,
    identification: str = "t-015",
    at: str = "2026-03-02T09:10:00",
) -> bytes:
    """A transit declaration, or with another kind its amendment."""
    body = f"""<TransitOperation>{number}<declarationType>{procedure}</declarationType>
<additionalDeclarationType>A</additionalDeclarationType><security>0</security></TransitOperation>
<CustomsOfficeOfDeparture><referenceNumber>BE343000</referenceNumber></CustomsOfficeOfDeparture>
<CustomsOfficeOfDestinationDeclared><referenceNumber>DE004323</referenceNumber></CustomsOfficeOfDestinationDeclared>
{holder}<Guarantee><sequenceNumber>1</sequenceNumber><guaranteeType>1</guaranteeType></Guarantee>
{consignment(house()) if goods is None else goods}"""
    return ncts(kind, body, identification=identification, sender=DECLARANT, at=at)


def told(kind: str, operation: str = "", more: str = "", *, lrn: str = LRN, at: str = "2026-03-02T09:15:00") -> bytes:
    """Any other message about the transit."""
    body = f"<TransitOperation><LRN>{lrn}</LRN><MRN>{MRN}</MRN>{operation}</TransitOperation>{more}{HOLDER}"
    return ncts(kind, body, identification=f"t-{kind}", at=at)


ACCEPTED_ON = "<declarationAcceptanceDate>2026-03-02</declarationAcceptanceDate>"
AMENDED_AT = "<amendmentAcceptanceDateAndTime>2026-03-02T11:00:00</amendmentAcceptanceDateAndTime>"
DECISION = (
    "<Invalidation><decisionDateAndTime>2026-03-02T13:00:00</decisionDateAndTime><decision>1</decision></Invalidation>"
)

NCTS_SAMPLES: dict[str, bytes] = {
    "CC004C": told("CC004C", AMENDED_AT, at="2026-03-02T11:00:00"),
    "CC009C": told("CC009C", "", DECISION),
    "CC013C": cc015c(kind="CC013C", number=f"<MRN>{MRN}</MRN>", identification="t-013", at="2026-03-02T10:00:00"),
    "CC014C": told("CC014C"),
    "CC015C": cc015c(),
    "CC028C": told("CC028C", ACCEPTED_ON),
    "CC029C": told("CC029C", f"{ACCEPTED_ON}<releaseDate>2026-03-02</releaseDate>"),
    "CC051C": told("CC051C", "<noReleaseMotivationText>seals</noReleaseMotivationText>"),
    "CC056C": told("CC056C", "<businessRejectionType>015</businessRejectionType>"),
}
