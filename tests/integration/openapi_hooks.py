"""What schemathesis is told about the door beyond its description: values of our formats, XML, and waits that end."""

import gzip
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import schemathesis
from hypothesis import strategies as st

from services.customs.adapters.http.archives import FORMATS
from services.customs.adapters.http.examples import XML_EXAMPLES
from tests.builders_archives import in_tar, in_zip

XML = ("application/xml", "text/xml")
SAMPLES = Path(__file__).parents[1] / "contract" / "samples"

_FIRST, _LAST = datetime(1990, 1, 1), datetime(2090, 1, 1)  # noqa: DTZ001 - hypothesis takes the zone beside it
_PRINTABLE = st.characters(min_codepoint=33, max_codepoint=126)

schemathesis.openapi.format(
    "date-time",
    st.datetimes(_FIRST, _LAST, timezones=st.just(UTC)).map(lambda at: at.isoformat().replace("+00:00", "Z")),
)
schemathesis.openapi.format("document-reference", st.text(_PRINTABLE, min_size=1, max_size=70))

_MESSAGES = [example["value"].encode() for example in XML_EXAMPLES.values()]
_MESSAGES += [path.read_bytes() for path in sorted(SAMPLES.glob("TT_EX00*.xml"))]
_NAMED = {f"{number}.xml": message for number, message in enumerate(_MESSAGES)}
_ARCHIVES = {
    "application/zip": in_zip(_NAMED),
    "application/x-tar": in_tar(_NAMED),
    "application/gzip": gzip.compress(in_tar(_NAMED)),
    "application/x-ndjson": b'{"kind": "release"}\n\n{}\n',
}
for many in FORMATS:
    schemathesis.openapi.media_type(many, st.just(_ARCHIVES[many]))
for xml in XML:
    schemathesis.openapi.media_type(xml, st.sampled_from(_MESSAGES))


@schemathesis.hook
def before_load_schema(context: schemathesis.HookContext, schema: dict[str, Any]) -> None:
    """Examples of XML are text, which a media type with a strategy of its own does not send; a test of ours does."""
    for path in schema["paths"].values():
        for operation in path.values():
            for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
                if media_type in XML:
                    content.pop("examples", None)


@schemathesis.hook
def map_query(context: schemathesis.HookContext, query: dict[str, Any] | None) -> dict[str, Any] | None:
    """Whatever is asked, nobody waits for a minute."""
    if query and "wait" in query and isinstance(query["wait"], int | float):
        query["wait"] = min(query["wait"], 0.01)
    return query


@schemathesis.hook
def before_call(context: schemathesis.HookContext, case: schemathesis.Case[Any], kwargs: dict[str, Any]) -> None:
    """What no schema can say: a whole number is not written as 1.0, and an item number is there once."""
    if not isinstance(case.body, dict):
        return
    body = _whole(case.body)
    items = body.get("items")
    if isinstance(items, list) and all(_numbered(item) for item in items):
        body["items"] = [{**item, "item": number} for number, item in enumerate(items, 1)]
    case.body = body


def _whole(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _whole(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_whole(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _numbered(item: Any) -> bool:
    return isinstance(item, dict) and type(item.get("item")) is int and 1 <= item["item"] <= 99_999
