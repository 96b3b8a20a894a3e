"""The JSON Schema of a target file, from the same types that load it."""

from collections.abc import Callable
from functools import cache
from types import UnionType
from typing import Any, Union, get_args, get_origin

import msgspec
from msgspec import Struct, defstruct, field
from msgspec.structs import fields

from probecli.config.descriptions import DESCRIPTIONS
from probecli.config.file import TargetFile
from probecli.model.target import ByteCount, Seconds, StatusSet, Target

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_NULL: Schema = {"type": "null"}
_REFERENCE: Schema = {"$ref": "#/$defs/Reference"}
_STATUS: Schema = {
    "anyOf": [
        {"type": "integer", "minimum": 100, "maximum": 999},
        {
            "type": "string",
            "pattern": r"^\s*([1-9]\d\d(\s*-\s*[1-9]\d\d)?|[1-9][xX][xX])\s*"
            r"(,\s*([1-9]\d\d(\s*-\s*[1-9]\d\d)?|[1-9][xX][xX])\s*)*$",
        },
        _REFERENCE,
    ]
}
_SHARED: dict[str, Schema] = {
    "Reference": {
        "description": "A value from the environment or a file.",
        "type": "string",
        "pattern": r"\$\{",
    },
    "Duration": {
        "description": "A duration: 200ms, 10s, 5m, 1h, or a number of seconds.",
        "anyOf": [
            {"type": "string", "pattern": r"^\s*((\d+(\.\d+)?(ms|[smhd]))+|\d+(\.\d+)?)\s*$"},
            {"type": "number", "minimum": 0},
            _REFERENCE,
        ],
    },
    "Size": {
        "description": "A size: 64KiB, 1MiB, or a number of bytes.",
        "anyOf": [
            {"type": "string", "pattern": r"^\s*\d+(\.\d+)?\s?([kKmMgG]([iI]?[bB])?|[bB])?\s*$"},
            {"type": "integer", "minimum": 0},
            _REFERENCE,
        ],
    },
    "Statuses": {
        "description": "HTTP statuses: 200, 301-308, 4xx, or a list of these.",
        "anyOf": [_STATUS, {"type": "array", "items": _STATUS, "minItems": 1}],
    },
}
_CUSTOM = {Seconds: "Duration", ByteCount: "Size", StatusSet: "Statuses"}
_SCALAR: Schema = {"type": ["string", "number", "boolean"]}
_URL: Schema = {
    "description": "A URL is a target.",
    "type": "string",
    "pattern": r"^([hH][tT]{2}[pP][sS]?|tcp|tls|dns|wss?)://|\$\{",
}


def target_file_schema() -> Schema:
    """The schema of a whole target file (draft 2020-12), short forms included."""
    _, components = msgspec.json.schema_components(
        [_without_defaults(TargetFile), _without_defaults(Target)],
        schema_hook=lambda custom: {"$ref": f"#/$defs/{_CUSTOM[custom]}"},
        ref_template="#/$defs/{name}",
    )
    definitions: dict[str, Schema] = {**components, **_SHARED}
    target = definitions["Target"]
    del target["properties"]["secrets"]
    target["required"] = ["url"]
    for (name, key), widen in _SHORT_FORMS.items():
        properties = definitions[name]["properties"]
        properties[key] = widen(properties[key])
    for name, described in DESCRIPTIONS.items():
        definitions[name] = _described(definitions[name], described)
    target = definitions["Target"]
    for name, left_out in (
        ("Defaults", {"name", "url"}),
        ("GroupDefaults", {"name", "url", "group"}),
    ):
        definitions[name] = _without(target, left_out)
    file = definitions.pop("TargetFile")
    return {
        "$schema": DIALECT,
        "title": "probecli target file",
        **file,
        "patternProperties": {"^x-": {}},
        "$defs": definitions,
    }


@cache
def _without_defaults(declared: Any) -> Any:
    """The type with every default of its structs None: msgspec cannot write those of own types."""
    if isinstance(declared, type) and issubclass(declared, Struct):
        copied: list[tuple[str, Any, Any]] = [
            (
                each.name,
                _without_defaults(each.type),
                field(name=each.encode_name)
                if each.required
                else field(name=each.encode_name, default=None),
            )
            for each in fields(declared)
        ]
        return defstruct(
            declared.__name__,
            copied,
            namespace={"__doc__": declared.__doc__},
            forbid_unknown_fields=True,
            kw_only=True,
        )
    origin, arguments = get_origin(declared), get_args(declared)
    if origin in (Union, UnionType):
        return Union[tuple(map(_without_defaults, arguments))]  # noqa: UP007
    if origin in (dict, tuple):
        return origin[tuple(map(_without_defaults, arguments))]
    return declared


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _or(*others: Schema) -> Callable[[Schema], Schema]:
    return lambda schema: {"anyOf": [schema, *others]}


def _values_or(other: Schema) -> Callable[[Schema], Schema]:
    """The same for every value of a mapping."""
    values = {"anyOf": [_ref("Matcher"), other]}
    return lambda _: {"type": "object", "additionalProperties": values}


def _list_of(*items: Schema) -> Callable[[Schema], Schema]:
    return lambda _: {"anyOf": [{"type": "array", "items": {"anyOf": [*items]}}, *items]}


_SHORT_FORMS: dict[tuple[str, str], Callable[[Schema], Schema]] = {
    ("Expectations", "body"): _or(_SCALAR),
    ("Expectations", "banner"): _or(_SCALAR),
    ("Expectations", "final_url"): _or(_SCALAR),
    ("Expectations", "header"): _values_or(_SCALAR),
    ("Expectations", "json"): _values_or({"not": {"type": "object"}}),
    ("Expectations", "latency"): _or(_ref("Duration")),
    ("TargetFile", "version"): lambda _: {"const": 1},
    ("TargetFile", "defaults"): lambda _: _ref("Defaults"),
    ("TargetFile", "targets"): _list_of(_URL, _ref("Target")),
    ("TargetFile", "controls"): _list_of(_URL, _ref("Target")),
    ("GroupEntry", "defaults"): lambda _: _ref("GroupDefaults"),
    ("Target", "url"): lambda _: _URL,
}


def _described(definition: Schema, described: dict[str, str]) -> Schema:
    """The definition with a description for each field, and all that the loader takes for it."""
    required = definition.get("required", [])
    properties = {}
    for name, given in definition["properties"].items():
        given = _without_default(given)
        widened = _widened(given) if name != "url" else given
        if name not in required and not _allows_null(widened):
            widened = {"anyOf": [widened, _NULL]}
        properties[name] = {"description": described[name], **widened}
    return {**definition, "properties": properties}


def _widened(schema: Any) -> Any:
    """Also references for what is no text, whole numbers as texts, single values as lists."""
    if isinstance(schema, list):
        return [_widened(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    kind = schema.get("type")
    if "enum" in schema and all(isinstance(value, str) for value in schema["enum"]):
        numbers = [float(value) for value in schema["enum"] if value.replace(".", "").isdigit()]
        return {"anyOf": [{**schema, "enum": [*schema["enum"], *numbers]}, _REFERENCE]}
    if kind in ("integer", "number", "boolean"):
        return {"anyOf": [schema, _REFERENCE]}
    if kind == "string" and "pattern" not in schema:
        return {**schema, "type": ["string", "integer"]}
    if kind == "array" and "items" in schema:
        items = _widened(schema["items"])
        return {"anyOf": [{**schema, "items": items}, items]}
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        return {**schema, "additionalProperties": _widened(schema["additionalProperties"])}
    return {**schema, "anyOf": _widened(schema["anyOf"])} if "anyOf" in schema else schema


def _allows_null(schema: Schema) -> bool:
    # A schema that says nothing about the type allows everything.
    return _NULL in schema.get("anyOf", ()) or not (
        {"type", "anyOf", "$ref", "const"} & schema.keys()
    )


def _without_default(schema: Schema) -> Schema:
    return {key: value for key, value in schema.items() if key != "default"}


def _without(target: Schema, left_out: set[str]) -> Schema:
    kept = {key: value for key, value in target["properties"].items() if key not in left_out}
    return {**{key: target[key] for key in target if key != "required"}, "properties": kept}
