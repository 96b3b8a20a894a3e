"""A lock ends with the process that took it."""

import os
from pathlib import Path

import pytest

from probecli.cli.lock import HeldError, locked

pytest.importorskip("fcntl")


def test_a_child_of_the_process_that_holds_a_lock_does_not_hold_it_on(tmp_path: Path) -> None:
    path = str(tmp_path / "lock")
    (begun, begin), (ended, end) = os.pipe(), os.pipe()
    with locked(path, wait_s=0):
        child = os.fork()
        if not child:
            os.close(end)
            os.write(begin, b"!")
            os.read(ended, 1)
            os._exit(0)
        os.read(begun, 1)
        with pytest.raises(HeldError), locked(path, wait_s=0):
            pass
    try:
        with locked(path, wait_s=0):
            pass
    finally:
        for descriptor in (begun, begin, ended, end):
            os.close(descriptor)
        os.waitpid(child, 0)
