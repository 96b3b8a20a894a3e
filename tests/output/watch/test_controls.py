import pytest
from msgspec.structs import replace

from output.samples import OUTAGE
from probecli.model.target import Target
from probecli.output.cells import Line, span
from probecli.output.watch.board import Board, Row
from probecli.output.watch.controls import Page, View, chosen_rows, pressed, selected_index

AT = "2025-12-22T06:10:00.000Z"
HELP = Page("Keys", lambda _: [])


def outage() -> Board:
    board = Board(
        Target(name=one.name, url=one.url, group=one.group) for one in (*OUTAGE[::-1], _LATE)
    )
    for one in OUTAGE:
        board.add(one, AT)
    return board


_LATE = replace(OUTAGE[-1], name="not-yet", group=None)
BOARD = outage()
ROWS: list[Row] = list(BOARD.rows.values())


def names(view: View) -> list[str]:
    return [row.name for row in chosen_rows(ROWS, view)]


def after(view: View, *keys: str, height: int = 3) -> View:
    for key in keys:
        view, _ = pressed(view, key, chosen_rows(ROWS, view), height, HELP)
    return view


def selected(view: View) -> str:
    rows = chosen_rows(ROWS, view)
    return rows[selected_index(rows, view)].name


def test_what_fails_comes_first_and_what_is_not_probed_last() -> None:
    states = [row.state for row in chosen_rows(ROWS, View())]

    assert states == ["down"] * 5 + ["unknown", "degraded", "up", "up", None]


def test_sorting_cycles_and_each_order_is_its_own() -> None:
    view = View()
    orders = []
    for _ in range(4):
        orders.append((view.sort, names(view)[0]))
        view = after(view, "s")

    assert [sort for sort, _ in orders] == ["state", "name", "latency", "group"]
    assert orders[1][1] == "banque-populaire-api"
    assert orders[2][1] == "banque-populaire-api"
    assert orders[3][1] == "caisse-epargne-portail"
    assert view.sort == "state"


def test_a_filter_is_typed_by_name_or_group_and_kept_or_taken_back() -> None:
    typing = after(View(), "/", *"BPCX", "backspace", "e")

    assert typing.filter == "BPCe"
    assert typing.typing
    assert set(names(typing)) == {"caisse-epargne-portail", "banque-populaire-api"}
    assert not after(typing, "enter").typing
    assert after(typing, "enter").filter == "BPCe"
    assert after(typing, "escape") == View()
    assert after(typing, "clear").filter == ""


def test_letters_that_are_orders_are_text_while_a_filter_is_typed() -> None:
    _, order = pressed(View(typing=True), "q", [], 3, HELP)

    assert order is None


def test_the_selection_moves_and_stays_within_the_rows() -> None:
    every = names(View())

    assert selected(View()) == every[0]
    assert selected(after(View(), "j", "down", "k")) == every[1]
    assert selected(after(View(), "up")) == every[0]
    assert selected(after(View(), "end", "down")) == every[-1]
    assert selected(after(View(), "page-down")) == every[3]
    assert selected(after(View(), "end", "home")) == every[0]


def test_the_selection_follows_its_target_when_the_order_changes() -> None:
    view = after(View(), "j", "j")

    assert selected(after(view, "s")) == selected(view)


def test_moving_among_no_rows_does_nothing() -> None:
    view = View(filter="no such target")

    assert after(view, "j", "end") == view


@pytest.mark.parametrize(
    ("key", "order"),
    [
        ("q", "quit"),
        ("p", "pause"),
        ("r", "probe"),
        ("e", "explain"),
        ("enter", "explain"),
        ("x", None),
        ("left", None),
    ],
)
def test_keys_give_orders(key: str, order: str | None) -> None:
    assert pressed(View(), key, ROWS, 3, HELP) == (View(), order)


def test_a_page_scrolls_and_any_other_key_leaves_it() -> None:
    def lines(_: int) -> list[Line]:
        return [[span(str(number))] for number in range(50)]

    view = View(page=Page("text", lines))
    scrolled = after(view, "down", "page-down", height=10)

    assert scrolled.page is not None
    assert scrolled.page.at == 11
    assert after(scrolled, "home", height=10).page == Page("text", lines)
    assert after(scrolled, "q").page is None
    assert pressed(scrolled, "q", ROWS, 3, HELP)[1] is None
    assert after(View(), "?").page is HELP
