"""Texts in Markdown, as GitHub and GitLab render it, without any power over the page."""

import re
from collections.abc import Iterable, Sequence

from probecli.text import harmless

# A colon and a dot only where they would make a bare address a link.
_SPECIAL = re.compile(r"[\\`*_\[\]<>#|~@&!$]|:(?=//)|(?<=www)\.", re.IGNORECASE)


def inert(text: str, limit: int | None = None) -> str:
    """`text` as one line in which Markdown, HTML and links of any kind are characters only."""
    return _SPECIAL.sub(lambda match: f"&#{ord(match.group())};", harmless(text, limit))


def code(text: str, limit: int | None = None) -> str:
    """The same in a code element, where no `@name` alerts anyone and no `#1` becomes a link."""
    return f"<code>{inert(text, limit)}</code>" if text.strip() else ""


def table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """The lines of a table; the cells are Markdown already."""
    return [_row(titles), _row(["---"] * len(titles)), *map(_row, rows)]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
