"""The short forms of the target file, written out as the types want them.

One table says what a short form stands for; everything else follows from the types: a single
value where a list is wanted, a number where a text is wanted, `yes` where a boolean is wanted.
"""

from collections.abc import Callable
from functools import lru_cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from msgspec import Struct
from msgspec.structs import fields

from probecli.model.target import (
    ByteCount,
    Expectations,
    Matcher,
    Seconds,
    StatusSet,
    Target,
)

Shaper = Callable[[Any], Any]

BOOLEAN_WORDS = {"yes": True, "on": True, "no": False, "off": False}


def _as_text(value: Any) -> Any:
    return str(value) if type(value) is int else value


def _matcher(key: str, *, text: bool) -> Shaper:
    """A bare value stands for `{key: value}`; in a text, the number that is expected is a text."""

    def shape(value: Any) -> Any:
        if not isinstance(value, dict):
            value = {key: value}
        if text and "equals" in value:
            value = value | {"equals": _as_text(value["equals"])}
        return _shape_fields(value, Matcher)

    return shape


def _each(shape: Shaper) -> Shaper:
    return lambda value: (
        {key: shape(item) for key, item in value.items()} if isinstance(value, dict) else value
    )


def _latency(value: Any) -> Any:
    return value if isinstance(value, dict) or value is None else {"total": value}


def _method(value: Any) -> Any:
    return value.upper() if isinstance(value, str) and value.islower() else value


def _upper(value: Any) -> Any:
    return value.upper() if isinstance(value, str) else value


SHORT_FORMS: dict[tuple[type[Struct], str], Shaper] = {
    (Expectations, "body"): _matcher("contains", text=True),
    (Expectations, "banner"): _matcher("contains", text=True),
    (Expectations, "final_url"): _matcher("equals", text=True),
    (Expectations, "header"): _each(_matcher("equals", text=True)),
    (Expectations, "json"): _each(_matcher("equals", text=False)),
    (Expectations, "latency"): _latency,
    (Expectations, "rcode"): _upper,
    (Target, "method"): _method,
}
CUSTOM_TYPES = (Seconds, ByteCount, StatusSet)


def shape(value: Any, wanted: Any) -> Any:
    """`value` with its short forms written out, ready to be converted to the type `wanted`."""
    shaper = _shaper(wanted)
    return shaper(value) if shaper else value


def plain_type(wanted: Any) -> Any:
    """A field's type without its metadata, its newtype and its `| None`."""
    if get_origin(wanted) is Annotated:
        return plain_type(get_args(wanted)[0])
    if get_origin(wanted) in (Union, UnionType):
        members = [member for member in get_args(wanted) if member is not NoneType]
        if len(members) == 1:
            return plain_type(members[0])
    return wanted


def takes_none(wanted: Any) -> bool:
    """Whether None is a value of the type."""
    if get_origin(wanted) in (Union, UnionType):
        return any(takes_none(member) for member in get_args(wanted))
    return wanted in (Any, None, NoneType)


@lru_cache(maxsize=256)
def _shaper(wanted: Any) -> Shaper | None:
    wanted = plain_type(wanted)
    origin, arguments = get_origin(wanted), get_args(wanted)
    if wanted is bool:
        return lambda value: (
            BOOLEAN_WORDS.get(value.lower(), value) if isinstance(value, str) else value
        )
    if wanted is str:
        return _as_text
    if origin is Literal and isinstance(arguments[0], str):
        return lambda value: str(value) if type(value) in (int, float) else value
    if origin is tuple:
        return _list_of(arguments[0])
    if origin is dict:
        inner = _shaper(arguments[1])
        return _each(inner) if inner else None
    if origin in (Union, UnionType):
        listed = any(get_origin(plain_type(argument)) is tuple for argument in arguments)
        return _text_or_texts if listed else None
    if isinstance(wanted, type) and issubclass(wanted, Struct):
        return lambda value: _shape_fields(value, wanted)
    return None


def _text_or_texts(value: Any) -> Any:
    return [_as_text(item) for item in value] if isinstance(value, list) else _as_text(value)


def _list_of(item: Any) -> Shaper:
    inner = _shaper(item) or (lambda value: value)

    def shape(value: Any) -> Any:
        if isinstance(value, dict) or value is None:
            return value
        return [inner(one) for one in (value if isinstance(value, list) else [value])]

    return shape


@lru_cache(maxsize=64)
def _field_shapers(struct: type[Struct]) -> dict[str, tuple[bool, Shaper | None]]:
    return {
        field.encode_name: (
            takes_none(field.type),
            SHORT_FORMS.get((struct, field.encode_name)) or _shaper(field.type),
        )
        for field in fields(struct)
    }


def _shape_fields(value: Any, struct: type[Struct]) -> Any:
    # A key without a value (`headers:`) counts as not given, where null means nothing else.
    if not isinstance(value, dict):
        return value
    shapers = _field_shapers(struct)
    shaped: dict[str, Any] = {}
    for key, item in value.items():
        nullable, shaper = shapers.get(key, (True, None))
        if item is None:
            if nullable:
                shaped[key] = item
        else:
            shaped[key] = shaper(item) if shaper else item
    return shaped
