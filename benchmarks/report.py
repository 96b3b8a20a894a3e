"""Tables for people, in Markdown, and a plot for the documentation, in SVG."""

from collections.abc import Sequence
from xml.sax.saxutils import escape

from msgspec import Struct

Cell = str | float | int | None


class Table(Struct, frozen=True):
    """A titled table; numbers stand right, None is said as a dash, notes come below."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()


def markdown(table: Table) -> str:
    """The table with aligned columns, so that it reads well unrendered too."""
    cells = [table.columns, *(tuple(_said(cell) for cell in row) for row in table.rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    right = [
        bool(table.rows) and all(not isinstance(row[at], str) for row in table.rows)
        for at in range(len(widths))
    ]

    def line(row: Sequence[str]) -> str:
        fields = (
            text.rjust(width) if to_right else text.ljust(width)
            for text, width, to_right in zip(row, widths, right, strict=True)
        )
        return f"| {' | '.join(fields)} |"

    rule = [
        "-" * (width - 1) + ":" if to_right else "-" * width
        for width, to_right in zip(widths, right, strict=True)
    ]
    body = "\n".join([line(cells[0]), line(rule), *(line(row) for row in cells[1:])])
    return "\n\n".join([f"### {table.title}", body, *table.notes])


def _said(cell: Cell) -> str:
    if cell is None:
        return "-"
    if isinstance(cell, float):
        return f"{cell:,.0f}" if cell >= 1000 else f"{cell:.3g}" if cell < 100 else f"{cell:.0f}"
    return f"{cell:,}" if isinstance(cell, int) else cell


_ROW, _LABEL, _BAR, _GAP = 22, 190, 420, 34


def bars(groups: Sequence[tuple[str, Sequence[tuple[str, float]]]], unit: str) -> str:
    """An SVG of horizontal bars in titled groups, each to a scale of its own."""
    parts: list[str] = []
    top = 8
    for title, values in groups:
        longest = max((value for _, value in values), default=1.0) or 1.0
        parts.append(f'<text class="title" x="0" y="{top + 15}">{escape(title)}</text>')
        top += _ROW + 4
        for name, value in values:
            width = max(1.0, value / longest * _BAR)
            middle = top + 15
            parts.append(f'<text x="{_LABEL - 8}" y="{middle}" class="name">{escape(name)}</text>')
            said = escape(unit)
            kind = "own" if name.startswith("probecli") else "peer"
            parts.append(
                f'<rect class="{kind}" x="{_LABEL}" y="{top + 3}" width="{width:.1f}" '
                f'height="{_ROW - 6}" rx="2"/>'
            )
            parts.append(
                f'<text x="{_LABEL + width + 6:.1f}" y="{middle}">{value:,.0f} {said}</text>'
            )
            top += _ROW
        top += _GAP - _ROW
    style = (
        "text{font:13px system-ui,sans-serif;fill:#6b7280}.title{font-weight:600}"
        ".name{text-anchor:end}.own{fill:#2563eb}.peer{fill:#9ca3af}"
    )
    size = f"{_LABEL + _BAR + 130} {top}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size}" role="img" '
        f'aria-label="Targets per second by program"><style>{style}</style>\n'
        + "\n".join(parts)
        + "\n</svg>\n"
    )
