"""Pages of the console: a service's templates in the one frame, escaped, without scripts or anything from elsewhere."""

import base64
from collections.abc import Mapping
from hashlib import sha256
from importlib.resources import files
from typing import Final

from fastapi.responses import HTMLResponse
from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

_FRAME: Final = "services.runtime"
_STYLE: Final = files(_FRAME).joinpath("templates", "console.css").read_text(encoding="utf-8")
_STYLE_HASH: Final = base64.b64encode(sha256(_STYLE.encode()).digest()).decode()
_HEADERS: Final = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; base-uri 'none';"
        " frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


class Pages:
    """The pages of one package, whose folder `templates` holds them; each extends `frame.html`.

    `links` are the pages that can be reached from each: path and name.
    """

    def __init__(self, package: str, links: tuple[tuple[str, str], ...]) -> None:
        self._templates = Environment(
            loader=ChoiceLoader([PackageLoader(package), PackageLoader(_FRAME)]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.globals |= {"links": links, "style": _STYLE}

    def answer(self, name: str, values: Mapping[str, object], status: int = 200) -> HTMLResponse:
        """A page with these values; an undefined one is an error of ours, never an empty cell."""
        return HTMLResponse(self._templates.get_template(name).render(values), status, _HEADERS)
