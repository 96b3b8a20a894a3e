"""One source while it is loaded: its values, and where to point when one of them is wrong."""

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from probecli.config.file import FREE_PREFIX
from probecli.config.mistake import KeyPath, Mistake, path_text
from probecli.config.source import Document
from probecli.config.variables import Expander, Expansion
from probecli.text import MASK, one_line

_QUOTED = r"`([^`]*)`"
_PROBLEM_LIMIT = 400


class Opened:
    """A source's values by path, with the mistakes found in them.

    `lines` gives the line of each target when the source is a plain list of URLs.
    """

    def __init__(self, file: str, document: Document | None, lines: Sequence[int] | None) -> None:
        self.file = file
        self.document = document
        self.lines = lines
        self.tree: dict[str, Any] = {}
        self.expansions: dict[KeyPath, Expansion] = {}
        self.mistakes: list[Mistake] = []
        self._broken: set[KeyPath] = set()

    @property
    def is_list(self) -> bool:
        """Whether this is a plain list of URLs, on the command line or one a line."""
        return self.document is None or self.lines is not None

    def expand(self, tree: dict[str, Any], env: Mapping[str, str]) -> None:
        """Takes the values in, with every `${...}` in them replaced."""
        self.tree = tree
        if self.document is None or "${" not in self.document.text:
            return
        expander = Expander(env, self.document.base, self.expansions, self._report_missing)
        self.tree = {
            key: value if key.startswith(FREE_PREFIX) else expander.tree(value, (key,))
            for key, value in tree.items()
        }

    def expansions_under(self, path: KeyPath) -> dict[KeyPath, Expansion]:
        """The texts with references below `path`, by their path from there."""
        return self._expansions_by_root.get(path, {})

    def report(self, path: KeyPath, problem: str, *, key: bool = False) -> None:
        """Notes what is wrong at `path`; a value that came from outside is never shown."""
        if any(path[: len(at)] == at for at in self._broken):
            return
        line, column, known = self._place(path, key=key)
        source_line = self._source_line(line)
        if any(at[: len(path)] == path for at in self.expansions):
            problem = re.sub(
                _QUOTED,
                lambda match: match[0] if match[1] in source_line else f"`{MASK}`",
                problem,
            )
        name = "" if self.is_list else path_text(known)
        self.mistakes.append(
            Mistake(self.file, line, column, name, one_line(problem, _PROBLEM_LIMIT), source_line)
        )

    def fault(self, line: int, column: int, path: KeyPath, problem: str) -> None:
        """Notes what keeps the source from being read at all."""
        source_line = self._source_line(line)
        self.mistakes.append(
            Mistake(self.file, line, column, path_text(path), problem, source_line)
        )

    def place_text(self, path: KeyPath) -> str:
        """Where `path` stands, as `FILE:LINE:COLUMN`."""
        line, column, _ = self._place(path, key=False)
        return f"{self.file}:{line}:{column}" if line else self.file

    def _report_missing(self, path: KeyPath, problem: str, *, key: bool = False) -> None:
        self.report(path, problem, key=key)
        self._broken.add(path)

    def _place(self, path: KeyPath, *, key: bool) -> tuple[int, int, KeyPath]:
        """Line, column and path of the deepest thing that was written on the way to `path`."""
        if self.document is None:
            return 0, 0, ()
        if self.lines is not None:
            index = path[1] if len(path) > 1 else 0
            return self.lines[int(index)], 1, ()
        for end in range(len(path), -1, -1):
            found = self._places.find(path[:end])
            if found is not None and (place := self._places.values.get(found)):
                if key and end == len(path):
                    place = self._places.keys.get(found, place)
                return *place, path[:end]
        return 1, 1, ()

    def _source_line(self, line: int) -> str:
        return self._text_lines[line - 1] if 0 < line <= len(self._text_lines) else ""

    @cached_property
    def _text_lines(self) -> list[str]:
        # Line breaks as YAML counts them; str.splitlines knows more of them than libyaml does.
        return re.split(r"\r\n|[\n\r\x85\u2028\u2029]", self.document.text) if self.document else []

    @cached_property
    def _places(self) -> Any:
        from probecli.config.yamltree import places

        return places(self.document.text if self.document else "")

    @cached_property
    def _expansions_by_root(self) -> dict[KeyPath, dict[KeyPath, Expansion]]:
        by_root: dict[KeyPath, dict[KeyPath, Expansion]] = {}
        for path, expansion in self.expansions.items():
            depth = {"defaults": 1, "groups": 3}.get(str(path[0]), 2)
            # A bare URL in a list stands for a mapping with `url`.
            by_root.setdefault(path[:depth], {})[path[depth:] or ("url",)] = expansion
        return by_root
