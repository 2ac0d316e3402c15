"""What the OpenAPI description says of the door: bodies, answers, headers and examples.

The request bodies are described by the very models that read them; the answers by models that only describe.
"""

from typing import Any, Final

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import JsonSchemaMode

from services.customs.adapters.http.answer_models import (
    DeclarationView,
    MessageView,
    Problem,
    Receipt,
    ResumedView,
    VerdictView,
    WebhooksView,
)
from services.customs.adapters.http.archives import FORMATS, MOST, PACKED
from services.customs.adapters.http.examples import JSON_EXAMPLES, XML_EXAMPLES
from services.customs.adapters.json.reader import MESSAGE
from services.runtime.lines import MEDIA_TYPE
from services.runtime.openapi import REFERENCES

Json = dict[str, Any]

_CHALLENGE: Final[Json] = {"WWW-Authenticate": {"description": "Bearer.", "schema": {"type": "string"}}}
_RETRY: Final[Json] = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "string"}}}


def _schema(of: type[BaseModel] | TypeAdapter[Any], mode: JsonSchemaMode = "serialization") -> Json:
    """A reference to a schema, with the schemas it needs beside it."""
    if isinstance(of, TypeAdapter):
        return of.json_schema(ref_template=REFERENCES, mode="validation")
    made = of.model_json_schema(ref_template=REFERENCES, mode=mode)
    inner = made.pop("$defs", {})
    return {"$ref": REFERENCES.format(model=of.__name__), "$defs": {**inner, of.__name__: made}}


def problem(why: str, headers: Json | None = None) -> Json:
    """An answer that says what is wrong (RFC 9457)."""
    content = {"application/problem+json": {"schema": _schema(Problem)}}
    return {"description": why, "content": content, **({"headers": headers} if headers else {})}


def answer(what: str, of: type[BaseModel], headers: Json | None = None) -> Json:
    content = {"application/json": {"schema": _schema(of)}}
    return {"description": what, "content": content, **({"headers": headers} if headers else {})}


_LOCATION: Final[Json] = {
    "Location": {
        "description": "Where the message stands.",
        "schema": {"type": "string", "pattern": "^/v1/customs/messages/[0-9a-f]{32}$"},
        "required": True,
    }
}
_XML: Final[Json] = {
    "type": "string",
    "format": "binary",
    "description": "An AES, NCTS or WCO-DMS message in UTF-8, UTF-16 or one of the Latin character sets.",
}

_LINES: Final[Json] = {
    "type": "string",
    "description": "A JSON object a line, in order: `name` or `line`, `status`, and what the answer to it alone would"
    " say, or its `problem`; `retry_after` with 503. A last line without `name` and `line`: the rest is not readable.",
}
_MANY: Final[Json] = {
    "type": "string",
    "format": "binary",
    "description": f"Messages of any kind, at most {MOST}, {PACKED} bytes in all. The answer is {MEDIA_TYPE}.",
}

MESSAGE_SCHEMA: Final[Json] = _schema(MESSAGE)

ALWAYS: Final[dict[int | str, Json]] = {
    401: problem("Parties of this door have tokens, and the request carries none of them.", _CHALLENGE),
    422: problem("Not acceptable; `errors` has the path of each fault."),
    503: problem("Not available now; send it again after Retry-After seconds.", _RETRY),
}
ASKING: Final[dict[int | str, Json]] = {404: problem("Nothing of that name was received.")}
RECEIVING: Final[dict[int | str, Json]] = {
    200: {
        "description": "It was there already: the same answer with `duplicate`. Of many messages: a line for each.",
        "content": {"application/json": {"schema": _schema(Receipt)}, MEDIA_TYPE: {"schema": _LINES}},
        "headers": {"Location": {**_LOCATION["Location"], "required": False}},
    },
    202: answer("It is durable; its effect follows.", Receipt, _LOCATION),
    400: problem("Malformed; with line and column."),
    403: problem("It would amend or invalidate what another party declared."),
    409: problem("The same identity was received with other bytes."),
    413: problem("Larger than a message may be."),
    415: problem("A media type, character set or kind of message that is not taken."),
}
TAKEN_MESSAGE: Final[dict[int | str, Json]] = {
    **ASKING,
    200: {
        "description": "Where the message stands; with `raw=1` its exact bytes, in the media type they came in.",
        "content": {
            "application/json": {"schema": {"anyOf": [_schema(MessageView), MESSAGE_SCHEMA]}},
            "application/xml": {"schema": _XML},
            "text/xml": {"schema": _XML},
            **{media_type: {"schema": _MANY} for media_type in FORMATS},
        },
    },
}
WEBHOOKS: Final[dict[int | str, Json]] = {
    **ALWAYS,
    200: answer("How deliveries to each party stand.", WebhooksView),
}
RESUMED: Final[dict[int | str, Json]] = {
    **ALWAYS,
    **ASKING,
    200: answer("What was given up is delivered again.", ResumedView),
}
TAKEN_DECLARATION: Final[dict[int | str, Json]] = {**ASKING, 200: answer("The declaration.", DeclarationView)}
TAKEN_VERDICT: Final[dict[int | str, Json]] = {**ASKING, 200: answer("The answer so far.", VerdictView)}

ANY_MESSAGE: Final[Json] = {
    "parameters": [
        {
            "name": "idempotency-key",
            "in": "header",
            "required": False,
            "description": "Identity of the message, in place of the one it states.",
            "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
        }
    ],
    "requestBody": {
        "required": True,
        "description": "With `Content-Encoding: gzip` as well, but for archives that are compressed already.",
        "content": {
            "application/json": {"schema": MESSAGE_SCHEMA, "examples": JSON_EXAMPLES},
            "application/xml": {"schema": _XML, "examples": XML_EXAMPLES},
            "text/xml": {"schema": _XML},
            **{media_type: {"schema": _MANY} for media_type in FORMATS},
        },
    },
}
