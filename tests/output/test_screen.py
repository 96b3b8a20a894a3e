import pytest

from probecli.output.cells import Line, span
from probecli.output.screen import Screen
from probecli.output.terminal import Terminal


class _Recorder:
    """A terminal of a settable width that keeps what is written."""

    name = "recorder"
    terminal = Terminal(is_terminal=True, live=True)

    def __init__(self) -> None:
        self.columns = 80
        self.written: list[str] = []

    def size(self) -> tuple[int, int]:
        return self.columns, 24

    def write(self, data: bytes) -> None:
        self.written.append(data.decode())

    def commit(self) -> None: ...

    def discard(self) -> None: ...


def lines(*widths: int) -> list[Line]:
    return [[span("x" * width)] if width else [] for width in widths]


@pytest.mark.parametrize(
    ("frame", "columns", "up"),
    [
        ((79, 10, 0, 5), 80, 3),
        ((79, 10, 0, 5), 120, 3),
        ((79, 10, 0, 5), 40, 4),
        ((79, 79, 0, 5), 20, 9),
        ((5,), 80, 0),
    ],
)
def test_the_next_frame_starts_where_the_terminal_wrapped_the_last_one_to(
    frame: tuple[int, ...], columns: int, up: int
) -> None:
    terminal = _Recorder()
    screen = Screen(terminal)
    screen.draw(lines(*frame))
    terminal.columns = columns
    screen.draw(lines(1))

    assert (f"\r\x1b[{up}A" if up else "\rx") in terminal.written[-1]
    assert ("A" in terminal.written[-1]) is bool(up)


def test_each_frame_is_one_write_and_hides_the_cursor_once() -> None:
    terminal = _Recorder()
    screen = Screen(terminal)
    screen.draw(lines(3, 4))
    screen.draw(lines(3, 4))
    screen.finish("done\n")

    assert len(terminal.written) == 3
    assert "".join(terminal.written).count("\x1b[?25l") == 1
    assert "".join(terminal.written).count("\x1b[?25h") == 1
    assert "\x1b[Jdone\n" in terminal.written[-1]


def test_a_screen_that_drew_nothing_writes_the_text_alone() -> None:
    terminal = _Recorder()
    screen = Screen(terminal)
    screen.restore()
    screen.finish("done\n")

    assert terminal.written == ["done\n"]
