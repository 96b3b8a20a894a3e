"""Paragraphs and labelled lines, indented under their section's title."""

from collections.abc import Iterator

from probecli.output.cells import Line, fit, span, tidy, wrap

INDENT = "  "
LABEL = 10
MOST_LINES = 12


def paragraph(text: str, width: int, *, indent: str = INDENT, style: str = "") -> Iterator[Line]:
    """`text` wrapped, every line indented."""
    for line in wrap(tidy(text, None), width - len(indent), MOST_LINES):
        yield [span(indent), span(line, style)]


def labelled(
    label: str, text: str, width: int, *, column: int = LABEL, style: str = ""
) -> Iterator[Line]:
    """`text` wrapped beside its label."""
    indent = len(INDENT) + column + 1
    for number, line in enumerate(wrap(tidy(text, None), width - indent, MOST_LINES)):
        head = fit(label, column) if number == 0 else " " * column
        yield [span(INDENT), span(head, "faint"), span(" "), span(line, style)]
