"""What several processes may do together: so many probes at once, so many processes."""

import json
import signal
import threading
from pathlib import Path

from cli.conftest import started
from cli.gate import Gate, needs_linux, serving

pytestmark = needs_linux


def target_file(folder: Path, targets: list[str], controls: list[str]) -> str:
    """A file of targets that are waited for as long as it takes."""
    defaults = {"timeout": "10m", "retry": {"attempts": 1}}
    path = folder / "targets.json"
    path.write_text(json.dumps({"defaults": defaults, "controls": controls, "targets": targets}))
    return str(path)


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
