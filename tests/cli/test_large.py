"""Runs so large that their results are kept on disk; the limit is lowered for them."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cli.conftest import ENVIRONMENT, Server

PROGRAM = (
    "import os, pathlib, sys, tempfile\n"
    "import probecli.cli.session as session, probecli.output.spool as spool\n"
    "from probecli.__main__ import main\n"
    "session.HELD_UP_TO, spool._BLOCK_BYTES = 0, 5_000\n"
    "opened = tempfile.TemporaryFile\n"
    "def seen(**options):\n"
    "    pathlib.Path(os.environ['TMPDIR'] + '-used').touch()\n"
    "    return opened(**options)\n"
    "tempfile.TemporaryFile = seen\n"
    "sys.argv[0] = 'probecli'\n"
    "main()\n"
)


def large(*arguments: str, folder: Path) -> "subprocess.Popen[str]":
    """The command with temporary files in a folder of its own."""
    temporary = folder / "tmp"
    temporary.mkdir()
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT | {"TMPDIR": str(temporary)},
    )


def listed(server: Server, folder: Path, *more: str) -> tuple[str, list[str]]:
    urls = [f"{server.url}/200?{number}" for number in range(120)]
    urls[7:7] = ["tcp://127.0.0.1:9", f"{server.url}/503"]
    urls += more
    path = folder / "urls.txt"
    path.write_text("\n".join(urls))
    return str(path), urls


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_large_run_is_written_whole_and_in_order(
    server: Server, tmp_path: Path, workers: str
) -> None:
    path, urls = listed(server, tmp_path)
    out = tmp_path / "out.json"
    arguments = ("--workers", workers, "--retries", "0", "-o", f"json={out}", "-o", "csv")
    process = large("check", path, *arguments, folder=tmp_path)
    rows, errors = process.communicate(timeout=60)
    assert process.returncode == 1, errors
    snapshot = json.loads(out.read_bytes())
    assert [one["name"] for one in snapshot["targets"]] == urls
    assert snapshot["summary"] == {"total": 122, "up": 120, "degraded": 0, "down": 2, "unknown": 0}
    assert snapshot["gate"]["reason"] == "2 down, 0 allowed"
    assert [row.split(",")[3] for row in rows.splitlines()[1:]] == urls
    assert (tmp_path / "tmp-used").exists()
    assert not list((tmp_path / "tmp").iterdir())


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_large_run_that_is_interrupted_is_written_as_far_as_it_came(
    server: Server, tmp_path: Path, workers: str
) -> None:
    path, urls = listed(server, tmp_path, f"{server.url}/hold")
    process = large("check", path, "--workers", workers, "-o", "json", folder=tmp_path)
    server.wait_until_asked()
    process.send_signal(signal.SIGTERM)
    text, errors = process.communicate(timeout=60)
    assert process.returncode == 143, errors
    snapshot = json.loads(text)
    assert [one["name"] for one in snapshot["targets"]] == urls
    assert snapshot["run"]["complete"] is False
    held = next(one for one in snapshot["targets"] if one["name"].endswith("/hold"))
    assert held["cause"] == "local.interrupted"
    assert snapshot["summary"]["total"] == len(urls)


def test_a_large_run_that_is_killed_leaves_the_former_document_and_nothing_else(
    server: Server, tmp_path: Path
) -> None:
    path, _ = listed(server, tmp_path, f"{server.url}/hold")
    out = tmp_path / "out.json"
    out.write_text("former")
    process = large("check", path, "--workers", "1", "-o", f"json={out}", folder=tmp_path)
    server.wait_until_asked()
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)
    assert out.read_text() == "former"
    assert (tmp_path / "tmp-used").exists()
    assert not list((tmp_path / "tmp").iterdir())
