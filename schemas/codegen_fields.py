"""How each type of field is written and read in the generated code: straight lines, no call where a look-up does.

Writing is one expression on a local `x`; reading is lines that move `i` along the bytes `b`. What the names in
them do is said in `services.core.avro` and `services.core.avro_logical`.
"""

from typing import Any

from schemas import loader

PLAIN = {"string": "str", "int": "int", "long": "int", "boolean": "bool", "bytes": "bytes"}
LOGICAL = {
    "decimal": "Decimal",
    "timestamp-micros": "datetime",
    "date": "date",
    "mrn": "Mrn",
    "eori": "Eori",
    "licence-ref": "LicenceRef",
    "commodity-code": "CommodityCode",
    "country": "CountryCode",
    "unit": "Unit",
    "currency": "Currency",
}
WRITERS = {"boolean": "flag", "bytes": "octets"}
CODES = frozenset({"commodity-code", "country", "unit", "currency"})
"""Text of a small vocabulary: looked up instead of encoded and decoded, so that what is equal is one object."""
FEW = frozenset(
    {
        "name",
        "party",
        "kind",
        "type",
        "procedure",
        "description",
        "office_of_export",
        "office_of_exit",
        "border_mode",
        "rule_set",
    }
)
"""Names of the fields with other such text, or nearly: the same few come back in what is held in memory."""
MOST_SYMBOLS = 64
"""The number of an enum's symbol takes one byte up to here."""

SHORT = "n = b[i]\ni += 1\nif n & 129:\n    {slow}\nelse:\n    {quick}"


class Fields:
    """The types of one package of schemas."""

    def __init__(self, package: str) -> None:
        self._package = package

    def definition(self, name: str) -> dict[str, Any]:
        return loader.definition(name, self._package)

    def is_a(self, kind: str, schema: Any) -> bool:
        """Whether a schema is the name of a record, or of an enum."""
        return isinstance(schema, str) and schema not in PLAIN and self.definition(schema)["type"] == kind

    def annotation(self, schema: Any) -> str:
        if (inner := optional(schema)) is not None:
            return f"{self.annotation(inner)} | None"
        if isinstance(schema, str):
            return PLAIN.get(schema) or class_name(schema)
        if "logicalType" in schema:
            return LOGICAL[schema["logicalType"]]
        return f"tuple[{self.annotation(schema['items'])}, ...]"

    def default(self, field: dict[str, Any]) -> str:
        if "default" not in field:
            return ""
        value = field["default"]
        if self.is_a("enum", field["type"]):
            return f" = {class_name(field['type'])}.{value}"
        return " = ()" if value == [] else f" = {value!r}"

    def written(self, schema: Any, x: str) -> str:
        """Expression for the bytes of the value in the local `x`; it raises when the value does not fit."""
        if (inner := optional(schema)) is not None:
            return f'b"\\x00" if {x} is None else b"\\x02" + ({self.written(inner, x)})'
        if self.is_a("record", schema):
            return f"({x}.remembered or {x}.avro()) if type({x}) is {class_name(schema)} else misfit({x})"
        if self.is_a("enum", schema):
            name = class_name(schema)
            return f"{name.upper()}_BYTES[{x}] if type({x}) is {name} else misfit({x})"
        kind = type_of(schema)
        if kind == "array":
            return self._written_array(schema["items"], x)
        if logical(schema) == "decimal":
            return f"{decimals(schema)}.written[{x}] if type({x}) is Decimal else amount({x})"
        if logical(schema) in CODES:
            return f"TEXTS[{x}]"
        if logical(schema) == "timestamp-micros":
            return f"INSTANTS[{x}] if {x}.tzinfo is UTC else instant({x})"
        if logical(schema) == "date":
            return f"DAYS[{x}]"
        if kind in {"int", "long"}:
            slow = "integer" if kind == "int" else "long"
            return f"NUMBERS[{x}] if type({x}) is int and 0 <= {x} < 8192 else {slow}({x})"
        return f"{WRITERS.get(kind, 'text')}({x})"

    def _written_array(self, schema: Any, x: str) -> str:
        if self.is_a("record", schema):
            return f'b"\\x00" if {x} == () else records({x}, {class_name(schema)})'
        return f"STRINGS[{x}]"

    def read(self, schema: Any, target: str) -> list[str]:
        """Lines that read the value at `i` into `target`, of which the field's name is the last part."""
        if (inner := optional(schema)) is not None:
            return [
                "n = b[i]",
                "i += 1",
                "if n == 2:",
                *indented(self.read(inner, target)),
                "elif n:",
                "    misfit(n)",
                "else:",
                f"    {target} = None",
            ]
        if self.is_a("record", schema):
            return [f"{target}, i = {class_name(schema)}.read(b, i)"]
        if self.is_a("enum", schema):
            return [f"{target} = {class_name(schema).upper()}_AT[b[i]]", "i += 1"]
        kind = type_of(schema)
        if kind == "array":
            return self._read_array(schema["items"], target)
        if logical(schema) == "decimal":
            return ["j = i + 1 + (b[i] >> 1)", f"{target} = {decimals(schema)}.at[b[i:j]]", "i = j"]
        if kind in {"string", "bytes"}:
            lines = SHORT.format(slow="n, i = length_at(b, i - 1)", quick="n >>= 1").split("\n")
            few = logical(schema) in {*CODES, "eori"} or target.rpartition(".")[2] in FEW
            value = "b[i:j]" if kind == "bytes" else "TEXT_AT[b[i:j]]" if few else "b[i:j].decode()"
            return [*lines, "j = i + n", f"{target} = {value}", "i = j"]
        if kind == "boolean":
            return [f"{target} = FLAG_AT[b[i]]", "i += 1"]
        if logical(schema) == "date":
            return [f"{target}, i = day_at(b, i)"]
        if logical(schema) == "timestamp-micros":
            other = ["if x is None:", "    x, j = instant_at(b, i)"]
            return ["j = i + 8", "x = INSTANT_AT[b[i:j]]", *other, f"{target} = x", "i = j"]
        slow = "integer_at" if kind == "int" else "long_at"
        return SHORT.format(slow=f"{target}, i = {slow}(b, i - 1)", quick=f"{target} = n >> 1").split("\n")

    def _read_array(self, schema: Any, target: str) -> list[str]:
        if self.is_a("record", schema):
            some = f"records_at(b, i, {class_name(schema)}.read)"
        elif type_of(schema) == "string":
            some = "strings_at(b, i)"
        else:
            raise ValueError(f"an array of {schema} is not read")
        return ["if b[i]:", f"    {target}, i = {some}", "else:", f"    {target} = ()", "    i += 1"]

    def converted(self, schema: Any, value: str) -> str:
        """Expression that turns what an Avro reader without logical types gave into a field."""
        if (inner := optional(schema)) is not None:
            some = self.converted(inner, value)
            return value if some == value else f"None if {value} is None else {some}"
        if self.is_a("record", schema):
            return f"{class_name(schema)}.from_avro({value})"
        if self.is_a("enum", schema):
            return f"{class_name(schema)}({value})"
        kind = type_of(schema)
        if kind == "array":
            each = self.converted(schema["items"], "x")
            return f"tuple({value})" if each == "x" else f"tuple({each} for x in {value})"
        if logical(schema) == "decimal":
            return f"{decimals(schema)}.of({value})"
        if logical(schema) == "timestamp-micros":
            return f"instant_of({value})"
        if logical(schema) == "date":
            return f"day_of({value})"
        return f"integer_of({value})" if kind == "int" else value


def class_name(full: str) -> str:
    return full.rsplit(".", 1)[1]


def optional(schema: Any) -> Any | None:
    """The other branch of a `["null", X]` union, else None: no other union is allowed in a message."""
    if not isinstance(schema, list):
        return None
    if len(schema) != 2 or schema[0] != "null":
        raise ValueError(f"only [null, X] unions are allowed, found {schema}")
    return schema[1]


def type_of(schema: Any) -> str:
    """The Avro type under a logical one, or the name of a definition."""
    return str(schema if isinstance(schema, str) else schema["type"])


def logical(schema: Any) -> str | None:
    return schema.get("logicalType") if isinstance(schema, dict) else None


def decimals(schema: dict[str, Any]) -> str:
    """Name of the constant that knows decimals of this precision and scale."""
    return f"DECIMAL_{schema['precision']}_{schema['scale']}"


def indented(lines: list[str], by: int = 4) -> list[str]:
    return [" " * by + line for line in lines]
