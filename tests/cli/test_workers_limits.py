"""What several processes may do together: so many probes at once, so many processes."""

import json
import signal
import threading
from pathlib import Path

import pytest

from cli.conftest import changed, started
from cli.gate import Gate, children, needs_linux, serving, wait_for

pytestmark = needs_linux


def target_file(folder: Path, targets: list[str], controls: list[str]) -> str:
    """A file of targets that are waited for as long as it takes."""
    defaults = {"timeout": "10m", "retry": {"attempts": 1}}
    path = folder / "targets.json"
    path.write_text(json.dumps({"defaults": defaults, "controls": controls, "targets": targets}))
    return str(path)


def test_there_are_no_more_processes_than_probes_asked_for(gate: Gate, tmp_path: Path) -> None:
    file = target_file(tmp_path, gate.urls(9), [])
    process = started("check", file, "--workers", "4", "--concurrency", "1")
    wait_for(1, gate.asked)
    alone = not children(process.pid)
    gate.open_all()
    process.communicate(timeout=60)
    assert alone


def test_all_processes_and_the_controls_share_the_probes_asked_for(
    gate: Gate, tmp_path: Path
) -> None:
    urls = gate.urls(40)
    file = target_file(tmp_path, urls[:30], urls[30:])
    process = started("check", file, "--workers", "2", "--concurrency", "5")
    wait_for(5, gate.asked)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert gate.seen == 5


def test_a_control_that_hangs_holds_up_no_result_that_another_clears(
    gate: Gate, tmp_path: Path
) -> None:
    (held,) = gate.urls(1)
    with serving() as other:
        other.open_all()
        refused = "http://127.0.0.1:9/"
        file = target_file(tmp_path, [refused], [held, *other.urls(1)])
        process = started("check", file, "--workers", "2", "-o", "ndjson")
        assert process.stdout is not None
        given_up = threading.Timer(30, process.kill)
        given_up.start()
        lines = (json.loads(line) for line in process.stdout)
        first = next((line for line in lines if line["type"] == "result"), None)
        given_up.cancel()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert first is not None
    assert (first["url"], first["state"]) == (refused, "down")


@pytest.mark.parametrize("granted", [0, 1])
def test_a_process_that_the_system_refuses_is_done_without(
    gate: Gate, tmp_path: Path, granted: int
) -> None:
    gate.open_all()
    file = target_file(tmp_path, gate.urls(20), [])
    change = (
        "import os\n"
        "real, started = os.fork, []\n"
        "def fork():\n"
        f"    if len(started) == {granted}: raise BlockingIOError(11, 'unavailable')\n"
        "    started.append(None)\n"
        "    return real()\n"
        "os.fork = fork\n"
    )
    done = changed(change, "check", file, "--workers", "4", "-o", "json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["summary"]["up"] == 20
