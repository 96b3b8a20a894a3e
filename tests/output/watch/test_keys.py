import pytest
from hypothesis import given
from hypothesis import strategies as st

from probecli.output.watch.keys import Keys

NAMES = {"up", "down", "left", "right", "home", "end", "page-up", "page-down"}
OTHERS = {"enter", "backspace", "clear", "redraw", "escape"}


@pytest.mark.parametrize(
    ("data", "keys"),
    [
        (b"q", ["q"]),
        (b"\x1b[A\x1b[B", ["up", "down"]),
        (b"\x1bOA\x1bOH", ["up", "home"]),
        (b"\x1b[5~\x1b[6~", ["page-up", "page-down"]),
        (b"\r\n\x7f\x15\x0c", ["enter", "enter", "backspace", "clear", "redraw"]),
        ("é漢".encode(), ["é", "漢"]),
        (b"\x1b[1;5A", []),
        (b"\x1b[200~q\x1b[201~", ["q"]),
        (b"\x1b[I\x1b[?1;2c", []),
        (b"\x1bq", []),
        (b"\x1b\x1b[A", ["escape", "up"]),
        (b"\x00\x01\t", []),
        (b"\xff", ["\ufffd"]),
    ],
)
def test_keys_are_named_and_unknown_ones_dropped_whole(data: bytes, keys: list[str]) -> None:
    assert Keys().feed(data) == keys


@pytest.mark.parametrize("data", [b"\x1b[A", "é".encode(), b"\x1b[5~"])
def test_a_key_may_come_in_pieces(data: bytes) -> None:
    whole, pieces = Keys(), Keys()

    assert whole.feed(data) == [key for one in data for key in pieces.feed(bytes([one]))]


def test_an_escape_alone_is_a_key_once_nothing_follows() -> None:
    keys = Keys()

    assert keys.feed(b"\x1b") == []
    assert keys.waiting
    assert keys.flush() == ["escape"]
    assert not keys.waiting
    assert keys.flush() == []


@given(st.lists(st.binary(max_size=64), max_size=20))
def test_no_bytes_break_it_and_what_it_holds_back_is_bounded(pieces: list[bytes]) -> None:
    keys = Keys()
    for piece in pieces:
        for key in keys.feed(piece):
            assert key in NAMES | OTHERS or (len(key) == 1 and key.isprintable())
        assert len(keys._rest) < 32
