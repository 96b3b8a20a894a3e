"""Patterns and JSONPath queries, compiled once and run in time linear in the text (RE2)."""

from functools import lru_cache
from typing import Any


class BadPatternError(ValueError):
    """The pattern or query cannot be compiled; the text says why."""


@lru_cache(maxsize=4096)
def compiled(pattern: str) -> Any:
    """The RE2 regular expression of `pattern`; raises `BadPatternError`."""
    import re2

    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        reason = error.args[0] if error.args else error
        if isinstance(reason, bytes):
            reason = reason.decode("utf-8", "replace")
        raise BadPatternError(f"not an RE2 pattern: {reason}") from None


def find(pattern: str, text: str) -> int | None:
    """Where `pattern` first matches in `text`, in characters; None when it does not."""
    try:
        match = compiled(pattern).search(text)
    except UnicodeEncodeError:
        match = compiled(pattern).search(text.encode("utf-8", "replace").decode())
    return None if match is None else int(match.start())


def _from_i_regexp(pattern: str) -> str:
    """An I-Regexp (RFC 9485) in RE2's words: its dot also stops at a carriage return."""
    parts, in_class, escaped = [], False, False
    for char in pattern:
        if not escaped:
            in_class = char == "[" or (in_class and char != "]")
        parts.append(r"[^\r\n]" if char == "." and not in_class and not escaped else char)
        escaped = char == "\\" and not escaped
    return "".join(parts)


@lru_cache(maxsize=1)
def _environment() -> Any:
    from iregexp_check import check
    from jsonpath_rfc9535 import JSONPathEnvironment
    from jsonpath_rfc9535.function_extensions import ExpressionType, FilterFunction

    class Regexp(FilterFunction):
        """`match()` or `search()` of RFC 9535, which by default backtrack."""

        arg_types = (ExpressionType.VALUE, ExpressionType.VALUE)  # type: ignore[assignment]
        return_type = ExpressionType.LOGICAL

        def __init__(self, form: str) -> None:
            self.form = form

        def __call__(self, text: object, pattern: object) -> bool:
            if not (isinstance(text, str) and isinstance(pattern, str) and check(pattern)):
                return False
            try:
                return find(self.form.format(_from_i_regexp(pattern)), text) is not None
            except BadPatternError:
                return False

    environment = JSONPathEnvironment()
    environment.function_extensions["match"] = Regexp(r"\A(?:{})\z")
    environment.function_extensions["search"] = Regexp("(?:{})")
    return environment


@lru_cache(maxsize=4096)
def compiled_path(path: str) -> Any:
    """The JSONPath query (RFC 9535) of `path`; raises `BadPatternError`."""
    from jsonpath_rfc9535 import JSONPathError

    try:
        return _environment().compile(path)
    except (JSONPathError, RecursionError) as error:
        raise BadPatternError(f"not a JSONPath query: {error}") from None
