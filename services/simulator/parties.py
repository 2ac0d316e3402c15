"""Who exports, who declares and who receives. The companies are invented; their numbers pass the real checks."""

from dataclasses import dataclass

from services.core.values import Eori
from services.simulator.mrn import belgian_eori


@dataclass(frozen=True, slots=True)
class Party:
    """An economic operator or a foreign consignee (no EORI)."""

    name: str
    street: str
    postcode: str
    city: str
    country: str
    eori: Eori | None = None

    @property
    def address(self) -> str:
        """Street, postcode and city in one line."""
        return f"{self.street}, {self.postcode} {self.city}"


def _holder(serial: int, name: str, street: str, postcode: str, city: str) -> Party:
    return Party(name, street, postcode, city, "BE", belgian_eori(serial))


HOLDERS = (
    _holder(4127731, "Scheldepers NV", "Havenlaan 12", "2030", "Antwerpen"),
    _holder(4203387, "Kempen Alloys NV", "Nijverheidsstraat 4", "2400", "Mol"),
    _holder(4391045, "Leuven Precision Machines BV", "Interleuvenlaan 28", "3001", "Leuven"),
    _holder(4468812, "Mol Nuclear Materials NV", "Boeretang 200", "2400", "Mol"),
    _holder(4510976, "Vlaamse Vacuümtechniek BV", "Industriepark 7", "9052", "Gent"),
    _holder(4575120, "Brugge Thermal Works NV", "Pathoekeweg 40", "8000", "Brugge"),
    _holder(4619834, "Hasselt Composites NV", "Kempische Steenweg 311", "3500", "Hasselt"),
    _holder(4702255, "Zaventem Optronics NV", "Leuvensesteenweg 510", "1930", "Zaventem"),
    _holder(4788091, "Gent Process Valves BV", "Wiedauwkaai 52", "9000", "Gent"),
    _holder(4834460, "Turnhout Measuring Instruments BV", "Steenweg op Gierle 100", "2300", "Turnhout"),
)

TRADERS = (
    _holder(4011223, "Polder Foods NV", "Veilingweg 9", "8800", "Roeselare"),
    _holder(4022334, "Maasland Textiles BV", "Weversstraat 3", "3600", "Genk"),
    _holder(4033445, "Noordzee Packaging NV", "Kaai 22", "8380", "Zeebrugge"),
    _holder(4044556, "Dender Furniture BV", "Molenstraat 71", "9300", "Aalst"),
    _holder(4055667, "Rupel Ceramics NV", "Kleiputstraat 2", "2850", "Boom"),
    _holder(4066778, "Haspengouw Fruit CV", "Tongersesteenweg 18", "3800", "Sint-Truiden"),
)

FORWARDERS = (
    _holder(4877001, "Antwerp Customs Agents BV", "Noorderlaan 147", "2030", "Antwerpen"),
    _holder(4899112, "Brucargo Forwarding NV", "Brucargo 720", "1931", "Zaventem"),
)

CONSIGNEES = (
    Party("Deccan Aero Components Ltd", "Peenya Industrial Area 14", "560058", "Bengaluru", "IN"),
    Party("Hsinchu Advanced Ceramics Co", "Gongye East Road 9", "30075", "Hsinchu", "TW"),
    Party("Pusan Marine Turbines Co", "Noksan Sandan-ro 61", "46752", "Busan", "KR"),
    Party("Ohio Valley Energy Labs Inc", "Research Drive 400", "45246", "Cincinnati", "US"),
    Party("Anatolia Metal Sanayi AS", "Organize Sanayi 3", "06935", "Ankara", "TR"),
    Party("Córdoba Medical Isotopes SA", "Avenida Colón 1200", "X5000", "Córdoba", "AR"),
    Party("Gulf Desalination Equipment LLC", "Jebel Ali South 77", "00000", "Dubai", "AE"),
    Party("Kansai Furnace Works KK", "Sakuragawa 2-5", "5560022", "Osaka", "JP"),
    Party("São Carlos Laboratórios Ltda", "Rua do Parque 88", "13560000", "São Carlos", "BR"),
    Party("Western Cape Valves Pty", "Montague Drive 10", "7441", "Cape Town", "ZA"),
    Party("Saskatoon Reactor Services Inc", "Innovation Boulevard 110", "S7N2X8", "Saskatoon", "CA"),
    Party("Thames Composite Structures Ltd", "Harbour Road 6", "RM176EX", "Grays", "GB"),
)

BUYERS = (
    Party("Maple Grocers Inc", "Dundas Street 1500", "L4X1L4", "Mississauga", "CA"),
    Party("Harbour Retail Ltd", "Dock Street 8", "M503XZ", "Manchester", "GB"),
    Party("Casa y Mesa SA", "Avenida Norte 45", "7550000", "Santiago", "CL"),
    Party("Atlas Commerce SARL", "Boulevard Zerktouni 12", "20250", "Casablanca", "MA"),
    Party("Fjord Interiør AS", "Storgata 3", "0155", "Oslo", "NO"),
    Party("Great Lakes Wholesale LLC", "Wacker Drive 77", "60601", "Chicago", "US"),
)

UNKNOWN_CONSIGNEE = Party("Blue Lotus Trading FZE", "Warehouse Road 5", "00000", "Sharjah", "AE")

REFUSED_APPLICANT = _holder(4911873, "Dijle Press Engineering NV", "Vaartkom 31", "3000", "Leuven")
REFUSED_END_USER = Party("Vindhya Aviation, Space & Defence Group", "Industrial Estate 5", "462003", "Bhopal", "IN")
"""Of the press refused in 2017. Published is that it was an Indian aviation, space and defence group, no name."""
THROUGH_A_THIRD_COUNTRY = Party("Vindhia Aviaton Space and Defence FZE", "Free Zone Road 12", "00000", "Sharjah", "AE")
"""The same, spelt otherwise, elsewhere."""
DENIED_END_USER = Party("ООО «Уралтурбокомпонент»", "ulitsa Zavodskaya 4", "620017", "Yekaterinburg", "RU")
IN_OTHER_LETTERS = Party("Uralturbokomponent OOO", "Zavodskaya 4", "620017", "Yekaterinburg", "RU")
"""The same as a Latin keyboard writes it."""
