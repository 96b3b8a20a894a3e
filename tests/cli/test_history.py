import csv
import io
import json
import sqlite3
import subprocess
from pathlib import Path

import pytest
from dns.rcode import Rcode

from cli.conftest import ENVIRONMENT, Server, probecli
from faults.dns import fails, resolving


class Site:
    """A target file of one target whose server answers what it is told to."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.server, self.folder = server, folder
        self.history = folder / "history.sqlite"

    def check(
        self, status: int, *arguments: str, env: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        (self.folder / "targets.yaml").write_text(
            f"version: 1\ntargets:\n  - {{name: www, url: '{self.server.url}/{status}'}}\n"
        )
        chosen = {"XDG_STATE_HOME": str(self.folder / "state")}
        return probecli(
            "check", *arguments, "--retries", "0", env=chosen | (env or {}), cwd=self.folder
        )

    def recorded(self, status: int, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.check(status, "--history", str(self.history), *arguments)


@pytest.fixture
def site(server: Server, tmp_path: Path) -> Site:
    return Site(server, tmp_path)


def test_a_check_with_a_history_says_since_when_in_every_output(site: Site) -> None:
    site.recorded(200)
    first = json.loads(site.recorded(503, "-o", "json").stdout)
    again = site.recorded(503, "-o", "json=out.json", "-o", "csv=out.csv", "-o", "ndjson")
    snapshot = json.loads((site.folder / "out.json").read_text())
    (row,) = csv.DictReader(io.StringIO((site.folder / "out.csv").read_text()))
    line = json.loads(again.stdout.splitlines()[0])
    (target,) = snapshot["targets"]

    since = first["run"]["started_at"]
    assert again.returncode == 1
    assert target["since"] == row["since"] == line["since"] == since
    assert target["last_ok"] < since
    assert snapshot["incidents"][0]["since"] == since


def test_the_name_server_that_fails_for_several_names_is_in_every_output(tmp_path: Path) -> None:
    with resolving(fails(Rcode.SERVFAIL)) as port:
        (tmp_path / "targets.yaml").write_text(
            f"version: 1\ndefaults: {{resolver: '127.0.0.1:{port}'}}\n"
            "targets: [http://a.test/, tcp://b.test:25]\n"
        )
        done = probecli(
            *("check", "--retries", "0", "-o", "plain"),
            *("-o", "json=out.json", "-o", "html=out.html"),
            cwd=tmp_path,
        )
    snapshot = json.loads((tmp_path / "out.json").read_text())
    (incident,) = snapshot["incidents"]
    words = f"2 targets get a failure from name server 127.0.0.1:{port}: the resolver answered"

    assert incident["shared"]["name_server"] == f"127.0.0.1:{port}"
    assert [one["server"]["resolver"] for one in snapshot["targets"]] == [f"127.0.0.1:{port}"] * 2
    assert words in done.stdout
    assert words in (tmp_path / "out.html").read_text()


def test_without_a_history_nothing_is_written_and_the_run_still_has_incidents(
    server: Server, tmp_path: Path
) -> None:
    (tmp_path / "targets.yaml").write_text(
        "groups: {g: {title: The Group}, h: {}}\ndefaults: {group: g}\n"
        f"targets:\n  - {server.url}/503\n  - {server.url}/500\n"
    )
    done = probecli("check", "-o", "json", "--retries", "0", cwd=tmp_path,
                    env={"XDG_STATE_HOME": str(tmp_path), "HOME": str(tmp_path)})  # fmt: skip
    snapshot = json.loads(done.stdout)
    (incident,) = snapshot["incidents"]

    assert incident["shared"]["title"] == "The Group"
    assert snapshot["groups"] == {"g": "The Group"}
    assert incident["since"] is None
    assert [one.name for one in tmp_path.iterdir()] == ["targets.yaml"]


def test_a_broken_history_costs_74_and_no_result(site: Site) -> None:
    site.history.write_text("no database at all\n" * 100)
    done = site.recorded(200, "-o", "plain")

    assert done.returncode == 74
    assert "is no history" in done.stderr
    assert "1 up" in done.stdout


def test_a_place_that_cannot_be_meant_so_is_usage(site: Site) -> None:
    done = site.check(200, "--history", "mysql://h/d")

    assert (done.returncode, done.stdout) == (2, "")
    assert "not mysql://" in done.stderr


def test_only_changes_is_silent_until_a_state_changes(site: Site) -> None:
    told = [site.check(status, "--only-changes") for status in (200, 200, 503, 500, 503, 200, 200)]

    assert [bool(one.stdout) for one in told] == [False, False, True, False, False, True, False]
    assert [bool(one.stderr) for one in told] == [bool(one.stdout) for one in told]
    assert [one.returncode for one in told] == [0, 0, 1, 1, 1, 0, 0]
    assert told[2].stderr.startswith("Changed: www: up -> down, http.error: 503")
    assert "Gate failed" in told[2].stdout
    assert told[5].stderr == "Changed: www: down -> up\n"
    assert (site.folder / "state" / "probecli" / "history.sqlite").exists()


def test_only_changes_still_writes_files(site: Site) -> None:
    for status in (200, 200):
        done = site.check(status, "--only-changes", "-o", "json=out.json", "-o", "plain")

    assert (done.stdout, done.stderr) == ("", "")
    assert json.loads((site.folder / "out.json").read_text())["summary"]["up"] == 1


def test_only_changes_without_any_home_says_everything_and_why(site: Site) -> None:
    bare = dict.fromkeys(("HOME", "XDG_STATE_HOME", "STATE_DIRECTORY"), "")
    done = site.check(200, "--only-changes", env=bare)

    assert done.returncode == 74
    assert "give --history PATH" in done.stderr
    assert "1 up" in done.stdout


def test_history_tells_state_and_incidents_in_every_format(site: Site) -> None:
    for status in (200, 503, 503):
        site.recorded(status)

    def told(*arguments: str, columns: str = "80") -> str:
        done = probecli(
            "history", "--history", str(site.history), *arguments, env={"COLUMNS": columns}
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    (target,) = json.loads(told("-o", "json"))["targets"]
    (row,) = csv.DictReader(io.StringIO(told("www", "-o", "csv")))
    assert (target["state"], len(target["incidents"])) == ("down", 1)
    assert (row["state"], row["since"], row["incidents"]) == ("down", target["since"], "1")
    for columns in ("80", "120"):
        lines = told("--since", "1h", columns=columns).splitlines()
        assert max(map(len, lines)) < int(columns)
        assert any(line.startswith(" DOWN ") and "www" in line for line in lines)
        assert any("http.error: 503" in line for line in lines)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--history", "missing.sqlite"), 2, "there is no history yet"),
        (("--history", "history.sqlite", "nobody"), 5, "no target that fits nobody"),
        (("--history", "history.sqlite", "--since", "yesterday"), 2, "give a date, a time"),
        (("--history", "history.sqlite", "--until", "2001-01-01", "--since", "2002-01-01"), 2,
         "--since must be before --until"),
        (("--history", "history.sqlite", "-o", "xml"), 2, "xml"),
        (("prune", "--keep", "soon", "--history", "history.sqlite"), 2, "give a duration"),
        (("prune", "--keep", "90d", "--history", "history.sqlite"), 0, "Dropped 0 runs"),
    ],
)  # fmt: skip
def test_history_says_what_is_wrong(
    site: Site, arguments: tuple[str, ...], code: int, words: str
) -> None:
    site.recorded(200)
    done = probecli("history", *arguments, cwd=site.folder)

    assert (done.returncode, words in done.stderr) == (code, True), done.stderr


def test_snapshots_are_imported_once_in_any_order(site: Site) -> None:
    for number, status in enumerate((200, 503, 200)):
        site.check(status, "-o", f"json={number}.json")
    names = ["2.json", "0.json", "1.json"]
    first = probecli("history", "import", *names, "--history", "new.sqlite", cwd=site.folder)
    again = probecli("history", "import", *names, "--history", "new.sqlite", cwd=site.folder)

    assert first.stderr == "Imported 3 runs\n"
    assert again.stderr == "Imported 0 runs; 3 were there already\n"
    connection = sqlite3.connect(site.folder / "new.sqlite")
    states = connection.execute("SELECT state FROM stretches ORDER BY first_us").fetchall()
    connection.close()
    assert states == [("up",), ("down",), ("up",)]


def test_an_import_with_a_mistake_imports_nothing(site: Site) -> None:
    site.check(200, "-o", "json=0.json")
    (site.folder / "bad.json").write_text("{}")
    done = probecli("history", "import", "0.json", "bad.json", "--history", "h", cwd=site.folder)

    assert done.returncode == 2
    assert "bad.json" in done.stderr
    assert not (site.folder / "h").exists()


def test_the_history_of_the_file_and_of_the_environment_are_used(site: Site) -> None:
    site.check(200, env={"PROBECLI_HISTORY": "env.sqlite"})
    (site.folder / "other.yaml").write_text(
        f"history: file.sqlite\ntargets:\n  - {site.server.url}/200\n"
    )
    probecli("check", "other.yaml", cwd=site.folder)

    assert {one.name for one in site.folder.glob("*.sqlite")} == {"env.sqlite", "file.sqlite"}
    assert ENVIRONMENT.get("PROBECLI_HISTORY") is None
