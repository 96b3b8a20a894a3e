"""Ctrl-C and SIGTERM before a run, and while its outputs are written."""

import asyncio
import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from cli.conftest import Server, started
from probecli.cli import session
from probecli.model.plan import Plan
from probecli.model.target import Target

COUNT = 150


@pytest.fixture
def fifo(tmp_path: Path) -> Path:
    path = tmp_path / "fifo"
    os.mkfifo(path)
    return path


def writing(server: Server, folder: Path, fifo: Path) -> "tuple[subprocess.Popen[str], int]":
    """The command while it writes a document larger than a pipe, and the end to read it from."""
    listed = folder / "urls.txt"
    listed.write_text("\n".join(f"{server.url}/200?{number}" for number in range(COUNT)))
    out = folder / "out"
    process = started(
        *("check", str(listed), "-o", f"json={fifo}", "-o", f"csv={out}/a.csv"),
        *("-o", f"ndjson={out}/a.ndjson", "-o", "plain"),
    )
    reader = os.open(fifo, os.O_RDONLY)
    assert os.read(reader, 1) == b"{"
    return process, reader


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_while_outputs_are_written_changes_the_exit_code_alone(
    server: Server, tmp_path: Path, fifo: Path, number: signal.Signals, code: int
) -> None:
    process, reader = writing(server, tmp_path, fifo)
    process.send_signal(number)
    with open(reader, "rb") as rest:
        snapshot = json.loads(b"{" + rest.read())
    stdout, stderr = process.communicate(timeout=60)
    assert (process.returncode, stderr) == (code, "")
    assert snapshot["run"]["complete"] is True
    assert snapshot["summary"]["up"] == COUNT
    assert "Gate passed" in stdout
    assert (tmp_path / "out" / "a.csv").read_text().count("\n") == COUNT + 1
    assert sorted(os.listdir(tmp_path / "out")) == ["a.csv", "a.ndjson"]


def test_a_second_signal_ends_the_writing_and_leaves_no_file_half_written(
    server: Server, tmp_path: Path, fifo: Path
) -> None:
    process, reader = writing(server, tmp_path, fifo)
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGTERM)
    # A signal that comes just before a system call waits for its end.
    with open(reader, "rb") as rest:
        rest.read()
    _, stderr = process.communicate(timeout=60)
    assert (process.returncode, stderr) == (130, "")
    assert not os.listdir(tmp_path / "out")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_before_the_run_ends_it_at_once_and_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals, code: int
) -> None:
    def interrupted(*_: object) -> None:
        assert os.listdir(tmp_path)
        signal.raise_signal(number)

    monkeypatch.setattr(session, "Past", interrupted)
    plan = Plan(targets=(Target(name="a", url="http://127.0.0.1:9/"),))
    handlers = [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)]
    with pytest.raises(SystemExit) as ended:
        asyncio.run(session.carried_out(plan, session.Request(outputs=[f"json={tmp_path}/a.json"])))
    assert ended.value.code == code
    assert not os.listdir(tmp_path)
    assert handlers == [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)]
