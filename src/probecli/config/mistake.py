"""Mistakes in a target file, each with its place, its source line and a caret."""

import re
from collections.abc import Iterable
from typing import Protocol

from msgspec import Struct

from probecli.text import MASK, one_line

KeyPath = tuple[str | int, ...]

SHOWN_MISTAKES = 50
_LINE_WIDTH = 100
_PLAIN_KEY = r"[A-Za-z0-9_-]+"
_LITERAL_SECRETS = (
    r"(?P<keep>://)(?!\$\{)[^/?#\s@]+(?=@)",
    (
        r"(?P<keep>\b(?:password|bearer)[\"']?\s*:\s*)"
        r"(?!\"?\$\{)(?:\"[^\"]*\"?|'[^']*'?|[^\s,}\"'][^,}]*)"
    ),
    r"(?i)(?P<keep>\bauthorization[\"']?\s*:\s*)(?!.*\$\{)[^,}]+",
)


class Mistake(Struct, frozen=True):
    """One thing that is wrong: where it stands, what it concerns and what to do about it.

    `line` and `column` count from 1; 0 means that the whole file or argument is meant.
    """

    file: str
    line: int
    column: int
    path: str
    problem: str
    source_line: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        head = ": ".join(part for part in (place, self.path, self.problem) if part)
        excerpt = _excerpt(self.source_line, self.line, self.column) if self.source_line else ""
        return head + excerpt


class Report(Protocol):
    """Takes a mistake by the path that it concerns; `key` when the key itself is wrong."""

    def __call__(self, path: KeyPath, problem: str, *, key: bool = False) -> None: ...


class ConfigError(Exception):
    """The sources cannot be used; `mistakes` holds every reason, in the order of the files."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes: tuple[Mistake, ...] = tuple(dict.fromkeys(mistakes))
        super().__init__(self.mistakes)

    def __str__(self) -> str:
        shown = [str(mistake) for mistake in self.mistakes[:SHOWN_MISTAKES]]
        more = len(self.mistakes) - len(shown)
        return "\n".join([*shown, f"and {more} more"] if more else shown)


def path_text(path: KeyPath) -> str:
    """A path as the reader would write it: `targets[3].expect.json["$.status"]`."""
    text = ""
    for key in path:
        if isinstance(key, int):
            text += f"[{key}]"
        elif re.fullmatch(_PLAIN_KEY, key):
            text += f".{key}" if text else key
        else:
            text += f'["{one_line(key, 60)}"]'
    return text


def quoted(value: object, limit: int = 60) -> str:
    """A value in backquotes, harmless and short, for use in a sentence."""
    return f"`{one_line(str(value), limit)}`"


def suggestion(word: str, known: Iterable[str]) -> str:
    """`; did you mean …?` when a known word is near, otherwise the known ones if they are few."""
    from difflib import get_close_matches

    known = list(known)
    near = get_close_matches(word.lower(), known, n=1, cutoff=0.6)
    if near:
        return f"; did you mean `{near[0]}`?"
    return f"; known: {', '.join(sorted(known))}" if 0 < len(known) <= 20 else ""


def without_literal_secrets(line: str) -> str:
    """A source line with passwords and userinfo that stand in it in the clear replaced by `***`."""
    for pattern in _LITERAL_SECRETS:
        line = re.sub(pattern, lambda match: match["keep"] + MASK, line)
    return line


def _excerpt(source_line: str, line: int, column: int) -> str:
    before, text = source_line[: column - 1], source_line
    caret = len(_harmless(without_literal_secrets(before)))
    text = _harmless(without_literal_secrets(text))
    start = max(0, caret - _LINE_WIDTH * 2 // 3) if len(text) > _LINE_WIDTH else 0
    clipped = text[start : start + _LINE_WIDTH]
    if start:
        clipped = "…" + clipped[1:]
    if start + _LINE_WIDTH < len(text):
        clipped = clipped[:-1] + "…"
    gutter = f"{line:>6} | "
    return f"\n{gutter}{clipped}\n{' ' * (len(gutter) - 2)}| {' ' * (caret - start)}^"


def _harmless(line: str) -> str:
    # Character by character: one_line would also fold the white space that columns are counted in.
    line = line.replace("\t", " ")
    if line.isprintable():
        return line
    return "".join(c if c.isprintable() else one_line(c) or " " for c in line)
