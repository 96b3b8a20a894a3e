"""A few lines of a terminal that are drawn again and again in place."""

from collections.abc import Sequence

from rich.cells import cell_len

from probecli.output.cells import Line, to_text
from probecli.output.interface import Destination

# Synchronized update: terminals that know it show a frame whole; the others ignore it.
_BEGIN, _END = "\x1b[?2026h", "\x1b[?2026l"
_HIDE_CURSOR, _SHOW_CURSOR = "\x1b[?25l", "\x1b[?25h"
_ERASE_LINE, _ERASE_BELOW = "\x1b[K", "\x1b[J"


def _rows(widths: Sequence[int], columns: int) -> int:
    """Screen rows that lines of these widths take once the terminal has `columns` columns."""
    return sum(max(1, -(-width // max(columns, 1))) for width in widths)


class Screen:
    """Draws frames over one another at the cursor, in one write each, without scrolling away.

    A frame must be narrower than the terminal and lower than it. A terminal that was made
    narrower has wrapped the frame it shows: that is counted in.
    """

    def __init__(self, destination: Destination) -> None:
        self._destination = destination
        self._shown: list[int] = []
        self._hidden = False

    def _back(self, columns: int) -> str:
        up = _rows(self._shown, columns) - 1
        return "\r" + (f"\x1b[{up}A" if up > 0 else "")

    def draw(self, lines: Sequence[Line]) -> None:
        """Show `lines` in place of the frame before."""
        columns, _ = self._destination.size()
        texts = [to_text(line, self._destination.terminal) for line in lines]
        frame = f"{_ERASE_LINE}\n".join(texts)
        start = "" if self._hidden else _HIDE_CURSOR
        self._hidden = True
        self._write(_BEGIN + start + self._back(columns) + frame + _ERASE_BELOW + _END)
        self._shown = [sum(cell_len(part.text) for part in line) for line in lines]

    def finish(self, text: str) -> None:
        """Show `text` in place of the last frame, and leave the cursor below it."""
        if not self._hidden:
            self._write(text)
            return
        columns, _ = self._destination.size()
        self._write(_BEGIN + self._back(columns) + _ERASE_BELOW + text + _SHOW_CURSOR + _END)
        self._hidden = False
        self._shown = []

    def restore(self) -> None:
        """Give the terminal back as it was, with the last frame left standing."""
        if self._hidden:
            self._write("\r\n" + _SHOW_CURSOR)
            self._hidden = False

    def _write(self, text: str) -> None:
        # One write a frame: what is drawn in pieces flickers.
        self._destination.write(self._destination.terminal.encode(text))
