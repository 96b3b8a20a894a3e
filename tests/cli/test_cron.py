"""The surroundings of a cron job: little environment, no terminal, full disks, odd clocks."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cli.conftest import COMMAND, Server, probecli

# Byte code written under a limit on file sizes would be cut, and stay so for later runs.
BARE = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"}


def bare(*arguments: str, before: str = "", **settings: object) -> subprocess.CompletedProcess[str]:
    """The command as cron starts it: no HOME, no terminal; `before` is Python run first."""
    command = [*COMMAND, *arguments]
    if before:
        program = (
            f"{before}\nimport sys\nsys.argv = {['probecli', *arguments]!r}\n"
            "from probecli.__main__ import main\nmain()"
        )
        command = [sys.executable, "-c", program]
    return subprocess.run(  # type: ignore[call-overload]
        command,
        capture_output=True,
        text=True,
        env=BARE,
        stdin=subprocess.DEVNULL,
        timeout=60,
        check=False,
        **settings,
    )


def test_no_home_and_no_terminal_are_enough(server: Server, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    done = bare("check", f"{server.url}/200", "-o", f"json={out}")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert json.loads(out.read_bytes())["summary"]["up"] == 1


def test_a_full_disk_exits_74_and_leaves_the_former_file_whole(
    server: Server, tmp_path: Path
) -> None:
    out = tmp_path / "out.json"
    bare("check", f"{server.url}/200", "-o", f"json={out}")
    former = out.read_bytes()
    # A limit on the size of files is what a full disk is to one process.
    limit = (
        "import resource, signal\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (600, 600))"
    )
    done = bare("check", f"{server.url}/200", "-o", f"json={out}", "-o", "csv", before=limit)
    assert done.returncode == 74
    assert str(out) in done.stderr
    assert "up" in done.stdout
    assert out.read_bytes() == former
    assert os.listdir(tmp_path) == ["out.json"]


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc, which nobody can write")
def test_a_read_only_folder_exits_74_before_anything_is_probed(server: Server) -> None:
    done = bare("check", f"{server.url}/hold", "-o", "json=/proc/out.json", cwd="/proc")
    assert done.returncode == 74
    assert "/proc/out.json" in done.stderr


def test_a_clock_that_steps_back_gives_no_negative_time(server: Server, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    backwards = (
        "import time, itertools\n"
        "start, steps = time.time(), itertools.count()\n"
        "time.time = lambda: start - 60 * next(steps)\n"
        "time.time_ns = lambda: int(time.time() * 1e9)"
    )
    done = bare("check", f"{server.url}/200", "-o", f"json={out}", before=backwards)
    assert done.returncode == 0, done.stderr
    (target,) = json.loads(out.read_bytes())["targets"]
    phases = [value for value in target["timings_ms"].values() if value is not None]
    assert min(phases) >= 0
    assert sum(phases) - target["timings_ms"]["total"] <= target["timings_ms"]["total"] + 1


def test_only_changes_is_silent_until_a_state_changes(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "targets.yaml"
    history = str(tmp_path / "history.sqlite")
    file.write_text(f"targets: [{{name: page, url: '{server.url}/200', retry: {{attempts: 1}}}}]\n")
    options = ("--history", history, "--only-changes")
    bare("check", str(file), *options)
    again = bare("check", str(file), *options)
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    file.write_text(f"targets: [{{name: page, url: '{server.url}/503', retry: {{attempts: 1}}}}]\n")
    changed = bare("check", str(file), *options)
    assert changed.returncode == 1
    assert "503" in changed.stdout
    still = bare("check", str(file), *options)
    assert (still.returncode, still.stdout, still.stderr) == (1, "", "")


def test_deadline_holds_whatever_the_targets_do(server: Server) -> None:
    urls = [f"{server.url}/hold?{number}" for number in range(20)]
    done = probecli("check", *urls, "--deadline", "500ms", "-o", "json", timeout=30)
    assert done.returncode == 124
    snapshot = json.loads(done.stdout)
    assert snapshot["run"]["duration_ms"] < 5000
    assert snapshot["summary"]["unknown"] == 20
