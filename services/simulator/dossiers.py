"""The dossier of a nuclear application, as the region and the federal side work on it: from request to decision."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from services.simulator.keys import keys_of
from services.simulator.licences import Licence

REGION, FEDERAL = "BE-VLG", "BE-FED"
TASKS: tuple[tuple[str, str, str], ...] = (
    ("completeness", REGION, "all documents are there"),
    ("end-user", REGION, "known, without adverse information"),
    ("end-use", REGION, "civil production, certified"),
    ("diversion-risk", REGION, "low: deliveries are verified on the spot"),
    ("safeguards", FEDERAL, "the site is under safeguards"),
    ("technical-specification", FEDERAL, "as listed by the suppliers' group"),
    ("physical-protection", FEDERAL, "adequate at the site"),
    ("state-guarantee", FEDERAL, "given for these goods"),
)
"""Each check, who does it, and what it comes to."""


@dataclass(frozen=True, slots=True)
class Request:
    """What one of the two sends, and the HTTP statuses that are right."""

    path: str
    acting_for: str
    body: dict[str, Any]
    answers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Dossier:
    """Of an application that is granted, with a condition, and leads to a licence with all its legs."""

    licence: Licence

    @property
    def ref(self) -> str:
        return f"DOS/{self.licence.ref.removeprefix('VL/')}"

    def requests(self) -> Iterator[Request]:
        """In their order. The federal side also tries a check that the region has done, and is told so."""
        goods = sorted({code for line in self.licence.lines if (code := line.goods.control_code) is not None})
        application = f"APP/{self.licence.ref.removeprefix('VL/')}"
        opening = {"ref": self.ref, "application": application, "authority": REGION, "involvement": "formal"}
        actor = {REGION: "licensing officer", FEDERAL: "secretariat of the commission"}
        yield Request("/v1/dossiers", REGION, {**opening, "goods": goods, "actor": actor[REGION]}, (200, 201))

        def step(side: str, name: str, *answers: int, **stated: object) -> Request:
            body = {"step": name, "actor": actor[side], **stated}
            return Request(f"/v1/dossiers/{self.ref}/steps", side, body, answers or (200,))

        yield step(REGION, "advice-requested")
        for check, side, statement in TASKS:
            yield step(side, "check-done", check=check, result="satisfactory", statement=statement)
        yield step(FEDERAL, "check-done", 409, check="end-use", result="satisfactory", statement="done once more")
        opinion = {"opinion": "favourable-with-conditions", "conditions": ["no re-export without consent"]}
        yield step(FEDERAL, "advice-given", statement="under safeguards", **opinion)
        yield step(FEDERAL, "advice-decided", decision="granted", federal_authorisation=keys_of(self.licence)[0].ref)
        yield step(REGION, "linked", licence=self.licence.ref)
        yield step(REGION, "closed", outcome="completed")

    def expected(self) -> dict[str, str]:
        """What must be shown in the end, as `outcome_of` words it."""
        return {
            "state": "closed, completed",
            "advice": "decided: favourable-with-conditions, granted",
            "licence": self.licence.ref,
            **{f"check {check}": f"satisfactory, by {_SIDES[side]}" for check, side, _ in TASKS},
            **{key.kind: key.ref for key in keys_of(self.licence)},
        }


_SIDES = {REGION: "region", FEDERAL: "federal"}


def outcome_of(shown: Mapping[str, Any]) -> dict[str, str]:
    """What a dossier came to, of what the door shows of it."""
    advice = shown.get("advice") or {}
    return {
        "state": f"{shown.get('state')}, {shown.get('outcome')}",
        "advice": f"{advice.get('state')}: {advice.get('opinion')}, {advice.get('decision')}",
        "licence": str(shown.get("licence")),
        **{f"check {one['name']}": _check(one) for one in shown.get("checks", ())},
        **{leg["kind"]: ", ".join(of["ref"] for of in leg["entered"]) for leg in shown.get("legs", ())},
    }


def _check(shown: Mapping[str, Any]) -> str:
    return f"{shown['result']}, by {(shown['done_by'] or {}).get('side')}"
