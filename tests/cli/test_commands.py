import json
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from cli.conftest import COMMAND, ENVIRONMENT, Server, probecli
from probecli import __version__
from probecli.cli.app import COMMANDS


@pytest.mark.parametrize("option", ["--version", "-V"])
def test_version_is_one_line(option: str) -> None:
    assert probecli(option).stdout == f"probecli {__version__}\n"


@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help_names_every_command_in_80_columns(option: str) -> None:
    done = probecli(option)
    assert done.returncode == 0
    assert all(f"  {name} " in done.stdout for name in COMMANDS)
    assert max(map(len, done.stdout.splitlines())) <= 80


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str) -> None:
    done = probecli(name, "--help")
    assert done.returncode == 0
    assert "Usage: probecli" in done.stdout


def test_misspelt_command_gets_a_suggestion() -> None:
    done = probecli("chekc")
    assert done.returncode == 2
    assert "check" in done.stderr


# Of the standard library, what costs milliseconds and is for other commands or other targets.
FOR_OTHERS = {"multiprocessing", "secrets", "email", "http", "sqlite3", "unicodedata", "idna"}


def imported(*arguments: str) -> set[str]:
    """All modules that the command has imported when it ends."""
    program = (
        f"import sys; sys.argv = ['probecli', *{list(arguments)}]\n"
        "import probecli.__main__ as program\n"
        "program._leave = lambda end: None\n"
        "program.main()\n"
        "sys.stderr.write(' '.join(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={name: value for name, value in ENVIRONMENT.items() if "COVERAGE" not in name},
    )
    return set(done.stderr.split())


def packages(modules: set[str]) -> set[str]:
    """The packages that they are from, but for the standard library's and an environment's own."""
    names = {name.partition(".")[0] for name in modules if not name.startswith("_")}
    return names - sys.stdlib_module_names - {"sitecustomize", "usercustomize"}


def test_version_imports_nothing_heavy() -> None:
    modules = imported("--version")
    assert packages(modules) == {"probecli"}
    assert not {"asyncio", "re", "typing", "pathlib"} & modules
    assert len(modules) < 60


def test_plain_check_imports_nothing_that_it_does_not_use() -> None:
    plain = ("check", "http://127.0.0.1:9/", "--retries", "0", "-o", "json=/dev/null")
    modules = imported(*plain)
    # Typer brings the last three.
    typer = {"typer", "annotated_doc", "shellingham", "typing_extensions"}
    assert packages(modules) <= {"probecli", "msgspec", *typer}
    assert not FOR_OTHERS & modules
    assert len(modules) < 400


def test_init_writes_a_file_that_is_valid_and_never_replaces_one(tmp_path: Path) -> None:
    assert probecli("init", cwd=tmp_path).returncode == 0
    assert probecli("validate", cwd=tmp_path).returncode == 0
    again = probecli("init", cwd=tmp_path)
    assert again.returncode == 2
    assert "--force" in again.stderr
    assert probecli("init", "--force", cwd=tmp_path).returncode == 0
    assert probecli("init", "-").stdout == (tmp_path / "targets.yaml").read_text()


def test_validate_counts_what_a_file_holds(tmp_path: Path) -> None:
    file = tmp_path / "targets.yaml"
    file.write_text(
        "targets:\n  - https://a.example/\n  - {url: https://b.example/, enabled: no}\n"
    )
    done = probecli("validate", str(file))
    assert done.returncode == 0
    assert "2 targets (1 disabled)" in done.stdout


def test_schema_is_json() -> None:
    assert json.loads(probecli("schema").stdout)["$schema"]


def test_demo_tells_the_morning_of_22_december(tmp_path: Path) -> None:
    done = probecli("demo", "--keep", str(tmp_path), "-o", "json")
    assert done.returncode == 0, done.stderr
    snapshot = json.loads(done.stdout)
    states = {one["name"]: one["state"] for one in snapshot["targets"]}
    assert states["laposte-portal"] == states["colissimo-api"] == "down"
    assert states["wero"] in ("up", "degraded")
    assert (tmp_path / "targets.yaml").exists()
    assert probecli("validate", str(tmp_path / "targets.yaml")).returncode == 0


def test_table_fits_a_real_terminal_of_80_columns(server: Server) -> None:
    pyte = pytest.importorskip("pyte")
    import fcntl
    import os
    import struct
    import termios

    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 80, 0, 0))
    environment = {
        name: value for name, value in ENVIRONMENT.items() if name not in ("NO_COLOR", "CI")
    }
    with subprocess.Popen(
        [*COMMAND, "check", f"{server.url}/503", f"{server.url}/200", "--retries", "0"],
        stdin=follower,
        stdout=follower,
        stderr=subprocess.DEVNULL,
        env=environment | {"TERM": "xterm-256color"},
        close_fds=True,
    ) as process:
        os.close(follower)
        screen = pyte.HistoryScreen(80, 50, history=1000)
        stream = pyte.ByteStream(screen)
        while True:
            try:
                data = os.read(leader, 65536)
            except OSError:
                break
            if not data:
                break
            stream.feed(data)
        os.close(leader)
        assert process.wait(timeout=30) == 1
    text = "\n".join(screen.display)
    assert "http://127.0.0.1" in text
    assert "http.error: 503" in text
    assert "Gate failed" in text
    assert not screen.cursor.hidden
