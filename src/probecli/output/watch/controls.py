"""What the keys do: the view of the table as it is, and the orders that go to the watch."""

from collections.abc import Callable, Sequence
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from probecli.output.cells import Line
from probecli.output.watch.board import Row
from probecli.output.watch.keys import ESCAPE
from probecli.output.words import SEVERITY

Order = Literal["quit", "pause", "probe", "explain"]
"""What only the watch itself can do."""

Sort = Literal["state", "name", "latency", "group"]
SORTS: tuple[Sort, ...] = ("state", "name", "latency", "group")
_NOT_PROBED = len(SEVERITY)
_LONGEST_FILTER = 60


class Page(Struct, frozen=True):
    """Text in place of the table: lines for a width, and how far it is scrolled."""

    title: str
    lines: Callable[[int], Sequence[Line]]
    at: int = 0


class View(Struct, frozen=True, kw_only=True):
    """How the table is looked at. `selected` is a target's name, None for the first row."""

    sort: Sort = "state"
    filter: str = ""
    typing: bool = False
    selected: str | None = None
    page: Page | None = None


def _severity(row: Row) -> int:
    return SEVERITY[row.state] if row.state else _NOT_PROBED


def _latency(row: Row) -> float:
    return -(row.latency_ms or 0.0)


_SORT_KEYS: dict[Sort, Callable[[Row], tuple[object, ...]]] = {
    "state": lambda row: (_severity(row), row.order),
    "name": lambda row: (row.name.casefold(),),
    "latency": lambda row: (_latency(row), _severity(row), row.order),
    "group": lambda row: (row.group is None, row.group or "", _severity(row), row.order),
}


def chosen_rows(rows: Sequence[Row], view: View) -> list[Row]:
    """The rows that the filter leaves, sorted; `state` puts what fails first."""
    wanted = view.filter.casefold()
    left = [
        row
        for row in rows
        if not wanted or wanted in row.name.casefold() or wanted in (row.group or "").casefold()
    ]
    return sorted(left, key=_SORT_KEYS[view.sort])


def selected_index(rows: Sequence[Row], view: View) -> int:
    """Which of the chosen rows is selected; 0 when that one is not among them."""
    return next((at for at, row in enumerate(rows) if row.name == view.selected), 0)


def _moved(view: View, rows: Sequence[Row], by: int) -> View:
    if not rows:
        return view
    at = min(max(selected_index(rows, view) + by, 0), len(rows) - 1)
    return replace(view, selected=rows[at].name)


_FAR = 10**9
_MOVES = {"j": 1, "down": 1, "k": -1, "up": -1, "home": -_FAR, "g": -_FAR, "end": _FAR, "G": _FAR}
_PAGES = {"page-down": 1, " ": 1, "page-up": -1}
_ORDERS: dict[str, Order] = {
    "q": "quit",
    "p": "pause",
    "r": "probe",
    "e": "explain",
    "enter": "explain",
}


def pressed(
    view: View, key: str, rows: Sequence[Row], height: int, help_page: Page
) -> tuple[View, Order | None]:
    """The view after `key`, and the order it gives; `rows` are the chosen ones as they stand.

    `height` is how many lines a page down moves by.
    """
    if view.page is not None:
        return replace(view, page=_turned(view.page, key, height)), None
    if view.typing:
        return _typed(view, key), None
    if key in _MOVES:
        return _moved(view, rows, _MOVES[key]), None
    if key in _PAGES:
        return _moved(view, rows, _PAGES[key] * max(height, 1)), None
    if key == "s":
        following = SORTS[(SORTS.index(view.sort) + 1) % len(SORTS)]
        return replace(view, sort=following), None
    if key == "/":
        return replace(view, typing=True), None
    if key == ESCAPE:
        return replace(view, filter="", selected=None), None
    if key == "?":
        return replace(view, page=help_page), None
    return view, _ORDERS.get(key)


def _typed(view: View, key: str) -> View:
    if key == "enter":
        return replace(view, typing=False)
    if key == ESCAPE:
        return replace(view, typing=False, filter="")
    if key == "backspace":
        return replace(view, filter=view.filter[:-1])
    if key == "clear":
        return replace(view, filter="")
    if len(key) == 1 and len(view.filter) < _LONGEST_FILTER:
        return replace(view, filter=view.filter + key)
    return view


def _turned(page: Page, key: str, height: int) -> Page | None:
    """The page scrolled, or None: any other key leaves it."""
    step = _MOVES.get(key) or _PAGES.get(key, 0) * max(height, 1)
    return replace(page, at=max(page.at + step, 0)) if step else None


HELP = (
    ("q", "quit; the exit code is the last round's"),
    ("p", "pause, and go on"),
    ("r", "probe now"),
    ("s", "sort by state, name, latency, group"),
    ("/", "filter by name or group; Enter keeps it, Esc takes it back"),
    ("j k ↓ ↑", "select; also PgUp, PgDn, Home, End"),
    ("e Enter", "explain the selected target: it is probed once more, in depth"),
    ("Esc", "no filter, first row"),
    ("Ctrl-L", "draw anew"),
    ("Ctrl-Z", "suspend; `fg` comes back, `bg` goes on probing"),
    ("Ctrl-C", "quit with exit code 130"),
)
