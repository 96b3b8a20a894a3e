"""Texts in terminal cells: styled lines that fit a width whatever script they are written in."""

import unicodedata
from collections.abc import Iterable

from rich.cells import cell_len, chop_cells, set_cell_size
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style

from probecli.output.terminal import Terminal
from probecli.text import harmless

Line = list[Segment]

STYLES: dict[str, Style] = {
    "up": Style.parse("green"),
    "degraded": Style.parse("yellow"),
    "down": Style.parse("bold red"),
    "unknown": Style.parse("magenta"),
    "passed": Style.parse("bold green"),
    "failed": Style.parse("bold red"),
    "inconclusive": Style.parse("bold magenta"),
    "notice": Style.parse("bold yellow"),
    "strong": Style.parse("bold"),
    "faint": Style.parse("dim"),
    "": Style.null(),
}

# Terminals disagree about the width of what modifies another sign: the plain sign stands alone,
# and a flag is the two letters it is made of.
_PLAIN = dict.fromkeys((0xFE0E, 0xFE0F, 0x20E3, *range(0x1F3FB, 0x1F400))) | {
    0x1F1E6 + number: chr(ord("A") + number) for number in range(26)
}
_MOST_MARKS = 2
_ASCII = str.maketrans("✓✗◐…·━─“”", '+x~~-=-""')


def tidy(text: str, limit: int | None = 1_000) -> str:
    """`text` as one harmless line whose cells every terminal counts alike."""
    line = harmless(text, limit)
    if line.isascii():
        return line
    kept: list[str] = []
    marks = 0
    for character in line.translate(_PLAIN):
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks <= _MOST_MARKS:
            kept.append(character)
    return "".join(kept)


def span(text: str, style: str = "") -> Segment:
    """A piece of a line in a style of `STYLES`; `text` is taken as it is."""
    return Segment(text, STYLES[style])


def fit(text: str, width: int, *, right: bool = False) -> str:
    """`text` in exactly `width` cells: padded, or cut with an ellipsis."""
    length = cell_len(text)
    if length > width:
        return set_cell_size(text, width - 1) + "…" if width > 0 else ""
    padding = " " * (width - length)
    return padding + text if right else text + padding


def _words(text: str, width: int) -> Iterable[str]:
    for word in text.split(" "):
        if cell_len(word) <= width:
            yield word
        else:
            yield from chop_cells(word, width)


def wrap(text: str, width: int, most: int) -> list[str]:
    """`text` in lines of at most `width` cells; what `most` lines cannot hold is cut."""
    lines = [""]
    for word in _words(text, max(width, 2)):
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if cell_len(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    if len(lines) > most:
        lines[most - 1] = fit(f"{lines[most - 1]} {lines[most]}", width).rstrip()
        if not lines[most - 1].endswith("…"):
            lines[most - 1] = fit(lines[most - 1] + " " * width, width).rstrip()
    return lines[:most]


def crop(line: Line, width: int) -> Line:
    """`line` in at most `width` cells, without blanks at its end."""
    if Segment.get_line_length(line) > width:
        line = Segment.adjust_line_length(line, width, pad=False)
    end = len(line)
    while end and not line[end - 1].text.strip():
        end -= 1
    if not end:
        return []
    return [*line[: end - 1], Segment(line[end - 1].text.rstrip(), line[end - 1].style)]


def to_text(line: Line, terminal: Terminal) -> str:
    """`line` as `terminal` shows it: colours of the user's own palette, ASCII where it must be."""
    system = ColorSystem.STANDARD if terminal.color else None
    text = "".join(
        style.render(text, color_system=system) if style and system and text.strip() else text
        for text, style, _ in line
    )
    return text if terminal.unicode else text.translate(_ASCII)
