"""What standard input holds, and what a person at a terminal is told of it."""

import io
import sys
from collections.abc import Callable

import pytest

from probecli.cli.given import snapshot_from_standard_input, targets_from_standard_input


class Terminal(io.TextIOWrapper):
    """A terminal on which `typed` was typed."""

    def __init__(self, typed: bytes) -> None:
        super().__init__(io.BytesIO(typed))

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("read", "what"),
    [(targets_from_standard_input, "targets"), (snapshot_from_standard_input, "a snapshot")],
)
def test_a_person_is_told_what_is_awaited(
    read: Callable[[], bytes],
    what: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(b"typed"))
    assert read() == b"typed"
    assert capsys.readouterr().err == f"Reading {what} from standard input; end with Ctrl-D.\n"


def test_a_closed_standard_input_holds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert snapshot_from_standard_input() == b""
