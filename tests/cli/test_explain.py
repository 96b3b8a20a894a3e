"""`probecli explain` as its user runs it."""

import json
import signal
from pathlib import Path

import pytest

from cli.conftest import Server, probecli, started

FILE = """
targets:
  - {{name: web, url: "{url}/", retry: {{attempts: 1}}}}
  - {{name: web-api, url: "{url}/503", retry: {{attempts: 2, initial: 1ms}}}}
  - {{name: shop, url: "{url}/404", allow_failure: true}}
"""


@pytest.fixture
def file(server: Server, tmp_path: Path) -> str:
    path = tmp_path / "targets.yaml"
    path.write_text(FILE.format(url=server.url))
    return str(path)


def test_a_url_is_explained_and_its_state_is_the_exit_code(server: Server) -> None:
    up = probecli("explain", f"{server.url}/")
    down = probecli("explain", f"{server.url}/503", "--retries", "0")
    assert (up.returncode, down.returncode) == (0, 1)
    assert "The one expectation holds" in " ".join(up.stdout.split())
    assert "http.error: 503 Service Unavailable" in down.stdout
    assert "The service itself is refusing" in " ".join(down.stdout.split())
    assert up.stderr == down.stderr == ""


def test_a_name_is_looked_up_in_the_file_with_its_settings(file: str) -> None:
    shown = probecli("explain", "web-", file)
    assert shown.returncode == 1
    assert "web-api" in shown.stdout
    assert "back-off" in shown.stdout


def test_without_a_file_the_one_of_the_folder_is_read(file: str) -> None:
    assert probecli("explain", "web", cwd=Path(file).parent).returncode == 0


def test_a_failure_that_is_allowed_passes_as_in_check(file: str) -> None:
    assert probecli("explain", "shop", file).returncode == 0


def test_json_holds_result_hops_and_diagnosis(file: str, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    done = probecli("explain", "web-api", file, "-o", f"json={out}")
    document = json.loads(out.read_text())
    assert (done.returncode, done.stdout) == (1, "")
    assert document["result"]["cause"] == "http.error"
    assert len(document["attempts"]) == 2
    assert document["attempts"][1]["hops"][0]["tried"][0]["fate"] == "answered"
    assert "answers 503" in document["diagnosis"]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["w*"], 2, "w* fits 2 targets; name one:\n  web\n  web-api"),
        (["wbe-api"], 5, "did you mean\n  web-api"),
        (["zzz"], 5, "no target is called zzz"),
        (["web", "-o", "csv"], 2, "explain writes text or json"),
        (["web", "--timeout", "soon"], 2, "--timeout"),
        (["web", "-o", "json=/proc/none/out.json"], 74, "cannot write /proc/none/out.json"),
    ],
)
def test_a_mistake_says_how_to_mend_it(
    file: str, arguments: list[str], code: int, words: str
) -> None:
    name, *others = arguments
    done = probecli("explain", name, file, *others)
    assert done.returncode == code
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_no_colour_reaches_a_pipe_and_the_width_is_that_of_the_environment(file: str) -> None:
    done = probecli("explain", "web-api", file, env={"COLUMNS": "60"})
    assert "\x1b" not in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 60


def test_ctrl_c_shows_what_was_measured_until_then(server: Server) -> None:
    running = started("explain", f"{server.url}/hold", "--timeout", "60s")
    server.wait_until_asked()
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=30)
    assert (running.returncode, err) == (130, "")
    assert "local.interrupted" in out
    assert "? 127.0.0.1" in out
