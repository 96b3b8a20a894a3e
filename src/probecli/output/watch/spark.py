"""Latencies as a row of bars."""

from collections.abc import Sequence

_BARS = "▁▂▃▄▅▆▇█"
_ASCII_BARS = "_.:-=+*#"
GAP = "·"


def sparkline(latencies: Sequence[float | None], width: int, *, unicode: bool = True) -> str:
    """The last `width` latencies, oldest first and right-aligned, with a dot for each failure.

    Bars stand for the share of the slowest one shown, from nothing: a target that swings between
    10 and 11 ms is as flat as it is.
    """
    bars, gap = (_BARS, GAP) if unicode else (_ASCII_BARS, " ")
    shown = list(latencies)[-width:] if width > 0 else []
    most = max((value for value in shown if value is not None), default=0.0)
    top = len(bars) - 1

    def bar(value: float | None) -> str:
        if value is None:
            return gap
        return bars[round(value / most * top)] if most > 0 else bars[0]

    return "".join(map(bar, shown)).rjust(width)
