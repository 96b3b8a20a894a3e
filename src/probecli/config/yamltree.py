"""YAML text to plain objects in bounded time and memory, and the place of every one of them.

The parser is libyaml's; plain scalars mean what YAML 1.2 says. So `no` and `on` are texts, dates
and `1:30` too, and keys are always texts: what a value means is up to the field that it is for.
"""

import math
import re
from collections.abc import Callable
from contextlib import suppress
from io import StringIO
from itertools import islice
from typing import Any

import yaml
from msgspec import Struct
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    StreamEndEvent,
)

from probecli.config.mistake import KeyPath, quoted

MAX_DEPTH = 64
MAX_NODES = 1_000_000

_CONSTANTS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_NUMBER = re.compile(r"[-+]?(?:(0|[1-9]\d{0,99})|(?:\.\d+|\d+\.\d*|\d+(?=[eE]))(?:[eE][-+]?\d+)?)")
_PLAIN_TAGS = {None, "!", "tag:yaml.org,2002:str"}
_COLLECTION_TAGS = {None, "!", "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"}
_HINTS = (
    ("cannot start any token", "put this text in quotes: it starts with a character of YAML's own"),
    (
        "mapping values are not allowed",
        "a colon that YAML does not expect here: put the text in quotes, or check the indentation",
    ),
    ("could not find expected ':'", "a key without its colon, or a text that needs quotes"),
    ("unexpected end of stream", "a quote that is never closed"),
    ("document start", "the indentation does not fit the lines above"),
    (
        "did not find expected key",
        "the indentation does not fit the lines above, or a text needs quotes",
    ),
    ("expected <block end>", "the indentation does not fit the lines above"),
    ("did not find expected '-' indicator", "the indentation does not fit the list above"),
    ("did not find expected ',' or", "a bracket or brace that is never closed, or a missing comma"),
    ("did not find expected node content", "a bracket or brace that is never closed"),
    # libyaml's own bound of 1,000 is met while it looks ahead, before ours can be.
    ("maximum nesting depth", f"nested more than {MAX_DEPTH} levels deep"),
)


class Fault(Struct, frozen=True):
    """What is wrong with the text as YAML, and where (line and column from 1)."""

    line: int
    column: int
    path: KeyPath
    problem: str


class YamlError(Exception):
    """The text is no usable YAML; `faults` says why."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(faults)
        self.faults = faults


class Places(Struct):
    """Where everything stands: (line, column) from 1 of each key and value, by path."""

    keys: dict[KeyPath, tuple[int, int]] = {}
    values: dict[KeyPath, tuple[int, int]] = {}
    links: dict[KeyPath, KeyPath] = {}

    def find(self, path: KeyPath) -> KeyPath | None:
        """The path under which the thing at `path` was written, through aliases and merge keys."""
        at: KeyPath = ()
        for key in path:
            step = self._step(at, key)
            if step is None:
                return None
            at = step
        return at

    def _step(self, at: KeyPath, key: str | int) -> KeyPath | None:
        at = self.links.get(at, at)
        if (*at, key) in self.values:
            return (*at, key)
        merged = (*at, "<<")
        if merged not in self.values or key == "<<":
            return None
        merged = self.links.get(merged, merged)
        sources = [merged]
        while (*merged, len(sources) - 1) in self.values:
            sources.append((*merged, len(sources) - 1))
        return next((found for one in sources if (found := self._step(one, key))), None)


def read(text: str) -> Any:
    """The one document in `text` as plain dicts, lists and scalars.

    Raises YamlError for anything that is not one bounded YAML document with unique keys.
    """
    builder = _Builder(text, None)
    with suppress(YamlError):
        value = builder.document()
        if not builder.faults:
            return value
    # Only a second pass, which is slower, knows the paths that the faults concern.
    builder = _Builder(text, Places())
    builder.document()
    raise YamlError(builder.faults)


def places(text: str) -> Places:
    """Where everything in `text` stands, as far as it can be read."""
    found = Places()
    with suppress(YamlError):
        _Builder(text, found).document()
    return found


class _Builder:
    def __init__(self, text: str, places: Places | None) -> None:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
        self._next: Callable[[], Any] = loader.get_event
        self._text = text
        self._places = places
        self._anchors: dict[str, tuple[Any, int, KeyPath]] = {}
        self._nodes = 0
        self.faults: list[Fault] = []

    def document(self) -> Any:
        try:
            value = self._document()
        except yaml.reader.ReaderError as error:
            raise YamlError([_reader_fault(self._text, error)]) from None
        except yaml.MarkedYAMLError as error:
            raise YamlError([*self.faults, _syntax_fault(self._text, error)]) from None
        return value

    def _document(self) -> Any:
        self._next()
        event = self._next()
        if not isinstance(event, DocumentStartEvent):
            raise YamlError([Fault(1, 1, (), "the file is empty")])
        value = self._value(self._next(), (), 0)
        self._next()
        after = self._next()
        if not isinstance(after, StreamEndEvent):
            self._stop(after, "a second YAML document; put it in a file of its own")
        return value

    def _value(self, event: Any, path: KeyPath, depth: int) -> Any:
        kind = type(event)
        self._nodes += 1
        if self._nodes > MAX_NODES:
            self._stop(event, f"more than {MAX_NODES:,} values: this is no target file")
        if self._places is not None:
            self._places.values.setdefault(path, _place(event))
        if kind is AliasEvent:
            return self._alias(event, path)
        nodes = self._nodes
        if kind is ScalarEvent:
            value = self._scalar(event, path)
        else:
            if depth >= MAX_DEPTH:
                self._stop(event, f"nested more than {MAX_DEPTH} levels deep")
            if event.tag not in _COLLECTION_TAGS:
                self._fault(event, path, f"the tag {quoted(event.tag)} has no meaning here")
            if kind is MappingStartEvent:
                value = self._mapping(path, depth)
            else:
                value = self._sequence(path, depth)
        if event.anchor:
            self._anchors[event.anchor] = value, self._nodes - nodes + 1, path
        return value

    def _alias(self, event: Any, path: KeyPath) -> Any:
        if event.anchor not in self._anchors:
            self._stop(
                event, f"the alias *{event.anchor} has no anchor above it, or contains itself"
            )
        value, size, anchored = self._anchors[event.anchor]
        self._nodes += size
        if self._nodes > MAX_NODES:
            self._stop(event, f"aliases unfold to more than {MAX_NODES:,} values")
        if self._places is not None:
            self._places.links[path] = anchored
        return value

    def _scalar(self, event: Any, path: KeyPath) -> Any:
        text = event.value
        if event.tag not in _PLAIN_TAGS:
            self._fault(event, path, f"the tag {quoted(event.tag)} has no meaning here")
        if event.style or event.tag:
            return text
        if text in _CONSTANTS:
            return _CONSTANTS[text]
        number = _NUMBER.fullmatch(text)
        if not number:
            return text
        if number[1]:
            return int(text)
        # Infinity is no JSON; an overflowing number stays the text that it is.
        return value if math.isfinite(value := float(text)) else text

    def _sequence(self, path: KeyPath, depth: int) -> list[Any]:
        items: list[Any] = []
        while type(event := self._next()) is not SequenceEndEvent:
            items.append(self._value(event, (*path, len(items)), depth + 1))
        return items

    def _mapping(self, path: KeyPath, depth: int) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        merged: list[Any] = []
        while type(event := self._next()) is not MappingEndEvent:
            if type(event) is not ScalarEvent:
                self._stop(event, "a key must be a plain text")
            key = event.value
            below = (*path, key)
            if key == "<<" and not event.style:
                start = self._next()
                value = self._value(start, below, depth + 1)
                merged.extend(self._merge_sources(start, below, value))
                continue
            if key in mapping:
                first = self._places.keys.get(below, (0, 0)) if self._places else (0, 0)
                problem = f"the key {quoted(key)} stands here twice, first in line {first[0]}"
                self._fault(event, below, f"{problem}, column {first[1]}")
            elif self._places is not None:
                self._places.keys[below] = _place(event)
            value = self._value(self._next(), below, depth + 1)
            mapping.setdefault(key, value)
        for source in merged:
            for key, value in source.items():
                mapping.setdefault(key, value)
        return mapping

    def _merge_sources(self, event: Any, path: KeyPath, value: Any) -> list[dict[str, Any]]:
        sources = value if isinstance(value, list) else [value]
        if not all(isinstance(source, dict) for source in sources):
            self._fault(event, path, "`<<` takes a mapping, or a list of mappings")
            return []
        self._nodes += sum(map(len, sources))
        return sources

    def _fault(self, event: Any, path: KeyPath, problem: str) -> None:
        self.faults.append(Fault(*_place(event), path, problem))

    def _stop(self, event: Any, problem: str) -> None:
        raise YamlError([*self.faults, Fault(*_place(event), (), problem)])


def _place(event: Any) -> tuple[int, int]:
    mark = event.start_mark
    return mark.line + 1, mark.column + 1


def _syntax_fault(text: str, error: yaml.MarkedYAMLError) -> Fault:
    problem = error.problem or "no valid YAML"
    hint = next((words for mark, words in _HINTS if mark in problem), f"no valid YAML: {problem}")
    unclosed = "never closed" in hint and error.context_mark
    mark: Any = error.context_mark if unclosed else error.problem_mark or error.context_mark
    if mark is None:
        return Fault(1, 1, (), hint)
    line = next(islice(StringIO(text), mark.line, None), "")
    if line[mark.column : mark.column + 1] == "\t":
        hint = "a tab stands here; YAML indents with spaces"
    return Fault(mark.line + 1, mark.column + 1, (), hint)


def _reader_fault(text: str, error: yaml.reader.ReaderError) -> Fault:
    match = re.search(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", text)
    if not match:
        return Fault(1, 1, (), f"no valid YAML: {error.reason}")
    before = text[: match.start()]
    line = before.count("\n") + 1
    column = match.start() - before.rfind("\n")
    return Fault(line, column, (), f"the control character {quoted(match[0])} is no text")
