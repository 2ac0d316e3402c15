"""What stands beside the licences for nuclear goods: the minister's authorisation, and the receiving State's word."""

from dataclasses import dataclass
from typing import Any, Literal

from services.core.values import LicenceRef
from services.simulator.licences import Licence

Kind = Literal["federal-authorisation", "end-use-certificate", "state-guarantee"]
KINDS: tuple[Kind, ...] = ("federal-authorisation", "end-use-certificate", "state-guarantee")
_LETTERS = {"federal-authorisation": "FED", "end-use-certificate": "EUC", "state-guarantee": "GAR"}


@dataclass(frozen=True, slots=True)
class Key:
    """One of them, valid as long as its licence and for all of its goods."""

    licence: Licence
    kind: Kind

    @property
    def ref(self) -> LicenceRef:
        return LicenceRef(f"{_LETTERS[self.kind]}/{self.licence.ref.removeprefix('VL/')}")

    @property
    def path(self) -> str:
        """Where it is entered."""
        if self.kind == "federal-authorisation":
            return "/v1/federal-authorisations"
        return f"/v1/licences/{self.licence.ref}/documents"

    def body(self) -> dict[str, Any]:
        """The request."""
        term = {"valid_from": self.licence.valid_from.isoformat(), "valid_to": self.licence.valid_to.isoformat()}
        if self.kind == "federal-authorisation":
            goods = sorted({code for line in self.licence.lines if (code := line.goods.control_code) is not None})
            return {"ref": self.ref, "licence": self.licence.ref, "goods": goods, "status": "issued", **term}
        state = ", ".join(self.licence.destinations)
        return {"kind": self.kind, "ref": self.ref, "issued_by": f"government of {state}", **term}


def keys_of(licence: Licence) -> tuple[Key, ...]:
    """All that a licence requires."""
    return tuple(Key(licence, kind) for kind in KINDS) if licence.nuclear else ()
