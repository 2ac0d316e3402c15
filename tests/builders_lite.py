"""Files of licences as a back office of the LITE exchange writes them; references and parties are made up."""

from collections.abc import Sequence

LICENCE = "GBSIEL/2026/0000007/P"
DAYS = "20260201\\20280131"
GOODS = "line\\1\\84798300\\\\\\\\isostatic press\\Q\\\\030\\\\10\\\\\\\\\\\\"
PARTIES = (
    f"trader\\\\GB123456789000\\{DAYS}\\Presses Ltd\\Mill Lane 1\\\\\\Leeds\\\\LS1 1AA",
    "country\\IN\\\\D",
    "foreignTrader\\Bharat Forge\\Mundhwa\\\\\\\\Pune\\411036\\IN",
)


def licence(action: str, ref: str = LICENCE, lines: Sequence[str] = (GOODS,), parties: Sequence[str] = PARTIES) -> str:
    """One licence; `|` would be a line within a text."""
    transaction = ref.split("/", 1)[1].replace("/", "")
    records = [f"licence\\{transaction}\\{action}\\{ref}\\SIE\\E\\{DAYS}"]
    if action != "cancel":
        records += [*parties, "restrictions\\Provisos may apply|see the licence", *lines]
    return "\n".join([*records, f"end\\licence\\{len(records) + 1}"])


def file(run: int, *licences: str, reset: str = "N", created: str = "202602010900") -> bytes:
    """The licences between header and trailer, all numbered."""
    records = [f"fileHeader\\SPIRE\\CHIEF\\licenceData\\{created}\\{run}\\{reset}"]
    records += [record for one in licences for record in one.split("\n")]
    records.append(f"fileTrailer\\{len(licences)}")
    return numbered(records)


def numbered(records: Sequence[str]) -> bytes:
    return "".join(f"{number}\\{record}\n" for number, record in enumerate(records, 1)).encode()
