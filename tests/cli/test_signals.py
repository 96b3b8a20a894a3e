"""Ctrl-C and SIGTERM before a run, and while its outputs are written."""

import asyncio
import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from cli.conftest import Server, started
from faults.server import listening, stall
from probecli.cli import demo, session
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


def test_an_interrupted_run_is_written_whole_though_another_signal_comes(
    server: Server, tmp_path: Path, fifo: Path
) -> None:
    """As where Ctrl-C ends a run, and a wrapper then asks for the end of what it has started."""
    listed = tmp_path / "urls.txt"
    quick = [f"{server.url}/200?{number}" for number in range(COUNT)]
    with listening(stall) as slow:
        listed.write_text("\n".join([*quick, f"http://127.0.0.1:{slow}/"]))
        process = started(
            *("check", str(listed), "-o", f"json={fifo}", "-o", "ndjson", "--per-host", "1"),
        )
        reader = os.open(fifo, os.O_RDONLY)
        assert process.stdout is not None
        told = [process.stdout.readline() for _ in range(COUNT)]
        process.send_signal(signal.SIGINT)
        assert os.read(reader, 1) == b"{"
        process.send_signal(signal.SIGTERM)
        with open(reader, "rb") as rest:
            snapshot = json.loads(b"{" + rest.read())
        _, stderr = process.communicate(timeout=60)
    assert (process.returncode, stderr) == (130, "")
    assert len(told) == snapshot["summary"]["up"] == COUNT
    assert snapshot["run"]["complete"] is False


def test_the_demo_ends_with_a_signal_in_the_days_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = session.carried_out
    scenes: list[object] = []

    async def interrupted(*how: Any, **more: Any) -> int:
        scenes.append(how)
        await whole(*how, **more)
        return 130

    monkeypatch.setattr(session, "carried_out", interrupted)
    request = session.Request(outputs=("plain",))
    assert asyncio.run(demo._played(tmp_path, request, kept=False)) == 130
    assert len(scenes) == 1


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
