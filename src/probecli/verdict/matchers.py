"""What a text or a JSON value must be like, key by key of a `Matcher`.

Every key given must hold, and each text of a list is a check of its own. JSON is type-strict:
`1` is neither `"1"` nor `true`; numbers compare by value, so that `1` equals `1.0`; a boolean is
no number. `contains` asks for a part of a string, or an element of an array. A negated key holds
for a value that the plain key cannot hold for; `lt` and its like never hold for what is no number.
Plain texts (body, header, final_url, banner) take a number for what it spells.
"""

import math
import re
from collections.abc import Callable, Iterator
from typing import Any

from msgspec import Struct

from probecli.model.target import Matcher
from probecli.verdict.patterns import BadPatternError, find

# Longer than what is shown: secrets are masked in the excerpt before it is cut to size, and for the
# same reason it starts at the word that holds the match, looked for this far back.
EXCERPT = 2000
WORD = 500


_BREAK = r"[\s\"'<>]"


class Check(Struct, frozen=True):
    """One key of a matcher held against one value."""

    key: str
    ok: bool
    expected: str
    actual: str


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def same(expected: object, actual: object) -> bool:
    """Type-strict equality of two JSON values."""
    if _is_number(expected) or _is_number(actual):
        return _is_number(expected) and _is_number(actual) and expected == actual
    if isinstance(expected, dict) and isinstance(actual, dict):
        return expected.keys() == actual.keys() and all(
            same(value, actual[name]) for name, value in expected.items()
        )
    if isinstance(expected, list | tuple) and isinstance(actual, list | tuple):
        return len(expected) == len(actual) and all(map(same, expected, actual))
    return type(expected) is type(actual) and expected == actual


def _from_word(text: str, place: int) -> str:
    """An excerpt of `text` from the start of the word at `place`."""
    before = text[max(0, place - WORD) : place]
    breaks = re.split(_BREAK, before)
    start = place - len(breaks[-1])
    return text[start : start + EXCERPT]


def shown(value: object, place: int = 0) -> str:
    """A JSON value in short: scalars as JSON writes them, long texts and containers bounded."""
    match value:
        case str():
            return f'"{_from_word(value, place)}"'
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | float():
            try:
                return repr(value)
            except ValueError:
                return "a number of thousands of digits"
        case dict():
            return f"an object of {len(value)}" if value else "{}"
        case list() | tuple():
            return f"an array of {len(value)}" if value else "[]"
        case _:
            return str(value)[:EXCERPT]


def _place(key: str, operand: Any, value: object) -> int | None:
    """Where `value` holds what `contains` or `matches` asks for; None when it does not."""
    if isinstance(value, str):
        if key == "matches":
            return find(operand, value)
        place = value.find(str(operand))
        return None if place < 0 else place
    if key == "contains" and isinstance(value, list):
        return 0 if any(same(operand, element) for element in value) else None
    return None


_NUMERIC: dict[str, tuple[str, Callable[[Any, Any], bool]]] = {
    "eq": ("=", lambda value, bound: value == bound),
    "ne": ("!=", lambda value, bound: value != bound),
    "lt": ("<", lambda value, bound: value < bound),
    "lte": ("<=", lambda value, bound: value <= bound),
    "gt": (">", lambda value, bound: value > bound),
    "gte": (">=", lambda value, bound: value >= bound),
}
_SEARCHING: dict[str, tuple[str, str, bool]] = {
    "contains": ("contains", "containing", True),
    "not_contains": ("contains", "not containing", False),
    "matches": ("matches", "matching", True),
    "not_matches": ("matches", "not matching", False),
}


def _searched(matcher: Matcher, value: object) -> Iterator[Check]:
    for key, (plain, words, wanted) in _SEARCHING.items():
        operands = getattr(matcher, key)
        if operands is None:
            continue
        for operand in operands if isinstance(operands, list | tuple) else (operands,):
            expected = f"{words} {operand if plain == 'matches' else shown(operand)}"
            try:
                place = _place(plain, operand, value)
            except BadPatternError as error:
                yield Check(key, False, expected, str(error))
                continue
            yield Check(key, (place is not None) == wanted, expected, shown(value, place or 0))


def _compared(matcher: Matcher, value: object, number: float | None) -> Iterator[Check]:
    for key, (sign, holds) in _NUMERIC.items():
        bound = getattr(matcher, key)
        if bound is not None:
            ok = number is not None and holds(number, bound)
            yield Check(key, ok, f"{sign} {bound}", shown(value))


def _number_in(text: str) -> float | None:
    try:
        number = float(text) if len(text) <= 400 else math.nan
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def check_text(matcher: Matcher, text: str) -> Iterator[Check]:
    """Holds a matcher against a plain text."""
    if matcher.exists is not None:
        yield Check("exists", matcher.exists, f"{'' if matcher.exists else 'not '}there", "there")
    if matcher.equals is not None:
        wanted = matcher.equals if isinstance(matcher.equals, str) else shown(matcher.equals)
        yield Check("equals", text == wanted, shown(wanted), shown(text))
    yield from _searched(matcher, text)
    yield from _compared(matcher, text, _number_in(text))


def check_json(matcher: Matcher, value: Any) -> Iterator[Check]:
    """Holds a matcher against a JSON value; one without any key asks for null."""
    if matcher.exists is not None:
        yield Check("exists", matcher.exists, f"{'' if matcher.exists else 'not '}there", "there")
    if matcher.equals is not None or matcher == Matcher():
        yield Check("equals", same(matcher.equals, value), shown(matcher.equals), shown(value))
    yield from _searched(matcher, value)
    yield from _compared(matcher, value, value if _is_number(value) else None)


def check_absent(matcher: Matcher, actual: str = "none") -> Iterator[Check]:
    """Holds a matcher against nothing: a miss of every key, unless `exists` is false."""
    if matcher.exists is False:
        yield Check("exists", True, "not there", actual)
        return
    wanted = [check for check in check_text(matcher, "") if check.key != "exists"]
    if not wanted:
        yield Check("exists", False, "there" if matcher.exists else "null", actual)
    for check in wanted:
        yield Check(check.key, False, check.expected, actual)
