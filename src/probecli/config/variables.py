"""`${VAR}`, `${VAR:-default}` and `${file:PATH}` in the texts of a target file."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from probecli.config.mistake import KeyPath, Report, quoted

MAX_FILE_BYTES = 64 * 1024
_REFERENCE = re.compile(r"\$\$\{|\$\{(?P<inside>[^}]*)\}|\$\{")
_VARIABLE = r"(?s)(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?P<default>:-.*)?"


class Expansion(Struct, frozen=True):
    """A text after its references were replaced; `spans` is where their values stand in it."""

    text: str
    spans: tuple[tuple[int, int], ...]

    @property
    def values(self) -> list[str]:
        """The values that came from outside, as they are."""
        return [self.text[start:end] for start, end in self.spans]


class Expander(Struct, frozen=True):
    """Replaces references, from an environment and from files relative to `base`.

    `found` collects what was replaced and `report` is told what is missing, both by path.
    """

    env: Mapping[str, str]
    base: Path
    found: dict[KeyPath, Expansion]
    report: Report

    def tree(self, value: Any, path: KeyPath = ()) -> Any:
        """`value` with every text in it expanded; keys stay as they are."""
        if isinstance(value, str):
            return self._text(value, path) if "${" in value else value
        if isinstance(value, dict):
            return {key: self.tree(item, (*path, key)) for key, item in value.items()}
        if isinstance(value, list):
            return [self.tree(item, (*path, index)) for index, item in enumerate(value)]
        return value

    def _text(self, text: str, path: KeyPath) -> str:
        pieces: list[str] = []
        spans: list[tuple[int, int]] = []
        done = length = 0
        for match in _REFERENCE.finditer(text):
            literal = text[done : match.start()]
            done = match.end()
            inside = match["inside"]
            value = "${" if match[0] == "$${" else self._value(inside, path)
            start = length + len(literal)
            length = start + len(value)
            pieces += literal, value
            if match[0] != "$${":
                spans.append((start, length))
        expanded = "".join([*pieces, text[done:]])
        if spans:
            self.found[path] = Expansion(expanded, tuple(spans))
        return expanded

    def _value(self, inside: str | None, path: KeyPath) -> str:
        try:
            return self._looked_up(inside)
        except LookupError as error:
            self.report(path, str(error.args[0]))
            return ""

    def _looked_up(self, inside: str | None) -> str:
        if inside is None:
            raise LookupError("`${` is never closed; write `$${` for the two characters themselves")
        if inside.startswith("file:"):
            return _file_text(self.base / Path(inside[5:]).expanduser(), inside[5:])
        match = re.fullmatch(_VARIABLE, inside)
        if not match:
            raise LookupError(
                f"`${{{quoted(inside)[1:-1]}}}` is none of ${{VAR}}, ${{VAR:-default}} and "
                "${file:PATH}; write `$${` for the two characters themselves"
            )
        name, default = match["name"], match["default"]
        value = self.env.get(name, "")
        if value or default is not None:
            return value or default[2:]
        if name in self.env:
            raise LookupError(
                f"the environment variable `{name}` is empty; write ${{{name}:-}} if it may be"
            )
        from difflib import get_close_matches

        near = get_close_matches(name, self.env, n=1, cutoff=0.8)
        hint = f"; did you mean `{near[0]}`?" if near else ""
        raise LookupError(f"the environment variable `{name}` is not set{hint}")


def _file_text(path: Path, shown: str) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise LookupError(f"the file {quoted(shown)} cannot be read: {reason}") from None
    if len(content) > MAX_FILE_BYTES:
        raise LookupError(f"the file {quoted(shown)} is over {MAX_FILE_BYTES // 1024} KiB")
    try:
        text = content.decode()
    except UnicodeDecodeError:
        raise LookupError(f"the file {quoted(shown)} is no UTF-8 text") from None
    text = text.removesuffix("\n").removesuffix("\r")
    if not text:
        raise LookupError(f"the file {quoted(shown)} is empty")
    return text
