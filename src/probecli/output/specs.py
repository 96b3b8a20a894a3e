"""What `--output FORMAT[=PATH]` asks for, with every mistake found before anything is probed."""

import os
import re
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from difflib import get_close_matches
from string import Formatter

from msgspec import Struct

from probecli.model.snapshot import Run
from probecli.output.files import descriptor, is_straight
from probecli.output.formats import FORMATS

_HOSTILE = r"[^\w.-]"


class OutputError(ValueError):
    """An `--output` that cannot be meant so; the text says what is wrong and how to mend it."""


class Spec(Struct, frozen=True):
    """One output: a name in `FORMATS`, and a path or None for standard output."""

    format: str
    path: str | None = None


def path_component(value: str) -> str:
    """`value` as one component of a path: no separator, no leading dot, not too long."""
    return re.sub(_HOSTILE, "_", value).lstrip(".").encode()[:100].decode(errors="ignore") or "_"


def placeholders(run: Run, now: datetime) -> dict[str, str]:
    """The values of a path's placeholders; date and time are UTC, as everywhere."""
    utc = now.astimezone(UTC)
    return {
        "date": utc.strftime("%Y-%m-%d"),
        "time": utc.strftime("%H%M%S"),
        "run": path_component(run.id),
        "vantage": path_component(run.vantage),
    }


def expand(template: str, values: Mapping[str, str]) -> str:
    """`template` with its `{placeholders}` replaced; `{{` and `}}` stand for braces.

    Raises:
        OutputError: an unknown placeholder, or braces that do not pair.
    """
    known = ", ".join(f"{{{name}}}" for name in values)
    try:
        parts = list(Formatter().parse(template))
    except ValueError:
        raise OutputError(
            f"path {template!r}: braces do not pair; write {{{{ or }}}} for a brace, "
            f"or one of {known}"
        ) from None
    expanded = []
    for literal, name, form, conversion in parts:
        expanded.append(literal)
        if name is None:
            continue
        if name not in values or form or conversion:
            whole = name + (f"!{conversion}" if conversion else "") + (f":{form}" if form else "")
            raise OutputError(
                f"path {template!r}: unknown placeholder {{{whole}}}; "
                f"there are {known} ({{{{ stands for a brace)"
            )
        expanded.append(values[name])
    return "".join(expanded)


def parse(text: str, values: Mapping[str, str], formats: Collection[str] = FORMATS) -> Spec:
    """One `FORMAT` or `FORMAT=PATH`, where `-` and `/dev/stdout` are standard output.

    `formats` are the names that there are.

    Raises:
        OutputError: an unknown format, an empty path, a NUL, a mistake in a placeholder.
    """
    name, separator, template = text.partition("=")
    if name not in formats:
        raise OutputError(_unknown_format(name, separator, formats))
    if not separator or template == "-" or descriptor(template) == 1:
        return Spec(name)
    if not template:
        raise OutputError(f"-o {text}: the path is missing; write {name}=FILE, or {name} alone")
    if "\0" in template:
        raise OutputError(f"-o {text!r}: a path cannot hold a NUL character")
    path = expand(template, values)
    if path.startswith("~"):
        path = os.path.expanduser(path)
    return Spec(name, path)


def _unknown_format(name: str, separator: str, formats: Collection[str]) -> str:
    near = get_close_matches(name.lower(), formats, n=1)
    extension = os.path.splitext(name)[1][1:].lower()
    if not separator and extension in formats:
        hint = f"to write a file, say {extension}={name}."
    elif near:
        hint = f"did you mean {near[0]}?"
    else:
        hint = "write FORMAT or FORMAT=PATH."
    return f"-o {name}: no such format; {hint} Formats: {', '.join(formats)}"


def parse_all(
    texts: Sequence[str], values: Mapping[str, str], formats: Collection[str] = FORMATS
) -> tuple[Spec, ...]:
    """Every spec, in order, none of them in another's way.

    Raises:
        OutputError: a mistake in one of them; two to standard output, or two to one file.
    """
    specs: list[Spec] = []
    taken: dict[str, str] = {}
    for text in texts:
        spec = parse(text, values, formats)
        place = _place(spec)
        if place in taken:
            where = "standard output" if spec.path is None else f"the file {spec.path}"
            raise OutputError(
                f"-o {taken[place]} and -o {text} both write to {where}; "
                f"give one of them another path: -o {spec.format}=PATH"
            )
        if place:
            taken[place] = text
        specs.append(spec)
    return tuple(specs)


def _place(spec: Spec) -> str:
    """What two outputs must not share; empty for what any number may share, like /dev/null."""
    if spec.path is None:
        return "-"
    if spec.path == os.devnull:
        return ""
    return spec.path if is_straight(spec.path) else os.path.realpath(spec.path)
