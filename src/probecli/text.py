"""Texts from outside made harmless, and secrets made invisible."""

import re

MASK = "***"

# C0 and C1 controls, DEL, line and paragraph separators, bidirectional controls, zero-width and
# other format characters that can reorder or hide what follows, lone surrogates, and the BOM.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)
_WORKFLOW_COMMAND = re.compile(r"##\[|::")


def _escaped(match: re.Match[str]) -> str:
    code = ord(match.group())
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def one_line(text: str, limit: int | None = None) -> str:
    """`text` as one printable line: controls become visible escapes, nothing can steer a terminal.

    Runs of white space become one space; a text over `limit` characters is cut with an ellipsis.
    """
    line = " ".join(text.split()) if not text.isprintable() else text
    if not line.isprintable():
        line = _UNSAFE.sub(_escaped, line)
    if limit is not None and len(line) > limit:
        line = line[: limit - 1] + "…"
    return line


def without_workflow_commands(line: str) -> str:
    """`line` with the marks of CI workflow commands (`::error`, `##[error]`) broken up.

    A zero-width-free break is used, so that the text stays greppable: a space after the first
    character of the mark.
    """
    return _WORKFLOW_COMMAND.sub(lambda mark: mark.group()[0] + " " + mark.group()[1:], line)


def redact(text: str, secrets: tuple[str, ...]) -> str:
    """`text` with every occurrence of a secret replaced by `***`; longest secrets come first."""
    for secret in secrets:
        if secret in text:
            text = text.replace(secret, MASK)
    return text
