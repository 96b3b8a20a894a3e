"""Raw mappings to the model's types, with every mistake in them told by its path."""

from collections.abc import Callable, Iterable, Sequence
from types import UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import FieldInfo, fields

from probecli.config.mistake import KeyPath, Report, quoted, suggestion
from probecli.config.scalar import parse_duration, parse_size, parse_statuses
from probecli.config.shape import plain_type, shape, takes_none
from probecli.model.target import ByteCount, Seconds, StatusSet

T = TypeVar("T")

PARSERS: dict[Any, Callable[[object], Any]] = {
    Seconds: parse_duration,
    ByteCount: parse_size,
    StatusSet: parse_statuses,
}
_WORDS = {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}


def decode(
    raw: Any, wanted: type[T], report: Report, hidden: frozenset[str] = frozenset()
) -> T | None:
    """`raw` as `wanted`, or None after every mistake in it was reported with its path.

    Fields named in `hidden` are unknown to the file, although the type has them.
    """
    shaped = shape(raw, wanted)
    if not (hidden and isinstance(shaped, dict) and hidden & shaped.keys()):
        try:
            return msgspec.convert(shaped, wanted, strict=False, dec_hook=_parse)
        except (msgspec.ValidationError, RecursionError):
            pass
    reported = _descend(shaped, wanted, (), report, hidden)
    if not reported:
        report((), f"expected {_words(wanted)}")
    return None


def pruned(value: Any, paths: Iterable[KeyPath]) -> Any:
    """`value` without what stands at `paths`, so that the rest of it can still be judged."""
    below: dict[str | int, list[KeyPath]] = {}
    for path in paths:
        below.setdefault(path[0] if path else "", []).append(path[1:])
    if isinstance(value, dict):
        return {
            key: pruned(item, below.get(key, ()))
            for key, item in value.items()
            if not _is_wrong(item, below.get(key, ()))
        }
    if isinstance(value, list):
        return [
            pruned(item, below.get(index, ()))
            for index, item in enumerate(value)
            if not _is_wrong(item, below.get(index, ()))
        ]
    return value


def _is_wrong(item: Any, paths: Sequence[KeyPath]) -> bool:
    # A path that leads into a scalar concerns the short form that the scalar is.
    return () in paths or (bool(paths) and not isinstance(item, dict | list))


def _parse(wanted: Any, raw: object) -> Any:
    return PARSERS[wanted](raw)


def _descend(
    value: Any, declared: Any, path: KeyPath, report: Report, hidden: frozenset[str] = frozenset()
) -> bool:
    """Reports what keeps `value` from being a `declared`; whether there was anything."""
    wanted = plain_type(declared)
    if value is None and takes_none(declared):
        return False
    arguments = get_args(wanted)
    if isinstance(wanted, type) and issubclass(wanted, Struct) and isinstance(value, dict):
        return _descend_struct(value, wanted, path, report, hidden)
    children: list[tuple[str | int, Any]] = []
    if get_origin(wanted) is dict and isinstance(value, dict):
        children = [(key, arguments[1]) for key in value]
    elif get_origin(wanted) is tuple and isinstance(value, list):
        children = [(index, arguments[0]) for index in range(len(value))]
    wrong = [_descend(value[key], of, (*path, key), report) for key, of in children]
    return any(wrong) or _leaf(value, declared, path, report)


def _descend_struct(
    value: dict[str, Any],
    struct: type[Struct],
    path: KeyPath,
    report: Report,
    hidden: frozenset[str],
) -> bool:
    known = {field.encode_name: field for field in fields(struct) if field.name not in hidden}
    wrong = False
    for key, item in value.items():
        if key in known:
            wrong |= _descend(item, known[key].type, (*path, key), report)
        else:
            problem = f"{quoted(key)} is no field here{suggestion(key, known)}"
            report((*path, key), problem, key=True)
            wrong = True
    for name, field in known.items():
        if name not in value and _is_required(field):
            report(path, f"`{name}` is missing")
            wrong = True
    return wrong


def _is_required(field: FieldInfo) -> bool:
    return field.default is msgspec.NODEFAULT and field.default_factory is msgspec.NODEFAULT


def _leaf(value: Any, declared: Any, path: KeyPath, report: Report) -> bool:
    try:
        msgspec.convert(value, declared, strict=False, dec_hook=_parse)
    except (msgspec.ValidationError, RecursionError):
        report(path, _leaf_problem(value, declared))
        return True
    return False


def _leaf_problem(value: Any, declared: Any) -> str:
    wanted = plain_type(declared)
    if wanted in PARSERS:
        try:
            PARSERS[wanted](value)
        except ValueError as error:
            problem = str(error)
            return f"{problem}, not {_described(value)}" if "expected" in problem else problem
    if get_origin(wanted) is Literal and isinstance(value, str | int | float):
        return f"{quoted(value)} is unknown{suggestion(str(value), map(str, get_args(wanted)))}"
    problem = f"expected {_words(declared)}, not {_described(value)}"
    if isinstance(value, bool | float) and "text" in _words(declared):
        return f"{problem}; put it in quotes"
    return problem


def _words(declared: Any) -> str:
    """What a type takes, in words."""
    if get_origin(declared) is Annotated:
        base, *metadata = get_args(declared)
        bounds = [meta for meta in metadata if isinstance(meta, Meta)]
        return _words(base) + "".join(map(_bounds, bounds))
    origin, arguments = get_origin(declared), get_args(declared)
    if origin in (Union, UnionType):
        return " or ".join(_words(one) for one in arguments if one is not type(None))
    if origin is Literal:
        return f"one of {', '.join(map(str, arguments))}"
    if origin is tuple:
        return "a list"
    if origin is dict or (isinstance(declared, type) and issubclass(declared, Struct)):
        return "a mapping"
    return _WORDS.get(declared, "another value")


def _bounds(meta: Meta) -> str:
    if meta.ge is not None and meta.le is not None:
        return f" from {meta.ge} to {meta.le}"
    return f" of at least {meta.ge}" if meta.ge is not None else ""


def _described(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    return f"the text {quoted(value)}" if isinstance(value, str) else f"the number {quoted(value)}"
