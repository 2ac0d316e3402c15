"""SQL of the runtime, which keeps tables of the same form in each service's schema."""

from psycopg import sql


class Statements:
    """The texts of one file, with `{s}` for a service's schema and `parts` for what several of them share.

    Each is composed once for a service: to do it for every statement takes as long as many a statement does.
    """

    def __init__(self, **parts: sql.Composable) -> None:
        self._parts = parts
        self._made: dict[tuple[str, str], bytes] = {}

    def of(self, service: str, text: str) -> bytes:
        made = self._made.get((service, text))
        if made is None:
            composed = sql.SQL(text).format(s=sql.Identifier(service), **self._parts)
            made = self._made[service, text] = composed.as_bytes(None)
        return made
