"""Texts from outside made harmless, and secrets made invisible."""

import re

MASK = "***"

# GitHub and Azure run `##[command]` and `##vso[command]` wherever they stand in a line, TeamCity
# `##teamcity[...]`; GitHub runs `::command params::text` at the start of one. An IPv6 address has
# no closing mark, and so stays as it is.
_WORKFLOW_COMMAND = r"##(?=[A-Za-z]*\[)|::(?=[A-Za-z][\w-]*(?:\s[^\n]*?)?::)"


def _visible(character: str) -> str:
    if character.isprintable():
        return character
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def one_line(text: str, limit: int | None = None) -> str:
    """`text` as one printable line: nothing in it can steer a terminal, reorder or hide.

    Runs of white space become one space; what is left of controls, bidirectional and zero-width
    characters, lone surrogates and unassigned characters becomes a visible escape (`\\x1b`). A
    text over `limit` characters is cut with an ellipsis.
    """
    line = " ".join(text.split())
    if not line.isprintable():
        line = "".join(map(_visible, line))
    if limit is not None and len(line) > limit:
        line = line[: limit - 1] + "…"
    return line


def without_workflow_commands(line: str) -> str:
    """`line` with the marks of CI workflow commands (`::error::`, `##[error]`) broken up.

    A space goes in after the first character of the mark: visible, and still good to search for.
    """
    if "::" not in line and "##" not in line:
        return line
    return re.sub(_WORKFLOW_COMMAND, lambda mark: mark.group()[0] + " " + mark.group()[1:], line)


def harmless(text: str, limit: int | None = None) -> str:
    """`text` as one line that neither a terminal nor a CI log takes for a command."""
    return without_workflow_commands(one_line(text, limit))


def redact(text: str, secrets: tuple[str, ...]) -> str:
    """`text` with every occurrence of a secret replaced by `***`; longest secrets come first."""
    for secret in secrets:
        if secret in text:
            text = text.replace(secret, MASK)
    return text
