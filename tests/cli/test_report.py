from pathlib import Path

import pytest
from selectolax.lexbor import LexborHTMLParser

from cli.conftest import Server, probecli
from output.report_samples import at, taken
from output.samples import OUTAGE, result
from probecli.output.json import render


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    runs = {
        "old": taken([result("api")], at(20)),
        "new": taken([result("api", "down", "tcp.refused")], at(22)),
        "rome": taken(OUTAGE, at(22), "rome-1"),
    }
    for name, one in runs.items():
        (tmp_path / f"{name}.json").write_bytes(b"".join(render(one)))
    return tmp_path


def headline(document: str) -> str:
    return LexborHTMLParser(document).css_first("h1").text().strip()


def test_snapshots_in_any_order_become_a_page_on_standard_output(folder: Path) -> None:
    done = probecli("report", "new.json", "old.json", cwd=folder)

    assert (done.returncode, done.stderr) == (0, "")
    assert headline(done.stdout) == "The target is down"
    assert "2 days to 22 Dec" not in done.stdout
    assert "3 days to 22 Dec" in done.stdout


def test_the_page_goes_to_a_file_with_its_title(folder: Path) -> None:
    arguments = ("--title", "Noël & Co", "-o", "out/page.html", "--until", "2025-12-21")
    done = probecli("report", "old.json", "new.json", *arguments, cwd=folder)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    page = (folder / "out" / "page.html").read_text()
    assert headline(page) == "The target is up"
    assert "Noël &amp; Co" in page


def test_one_snapshot_may_come_through_a_pipe(folder: Path) -> None:
    done = probecli("report", "-", stdin=(folder / "rome.json").read_text(), cwd=folder)

    assert headline(done.stdout) == "5 of 9 targets are down"


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["no.json"], 2, "no.json: cannot be read: No such file"),
        (["-", "-"], 2, "standard input (-) can be read only once"),
        (["--history", "none.sqlite"], 2, "none.sqlite: there is no history yet"),
        (["old.json", "--until", "noon"], 2, "--until noon: give a time like 2025-12-22T06:10:00Z"),
        (["old.json", "--until", "2024-01-01"], 2, "no snapshot is from --until 2024-01-01"),
        (["old.json", "-o", "/dev/full"], 74, "cannot write /dev/full"),
        (["old.json", "--days", "0"], 2, "--days"),
    ],
)
def test_mistakes_are_told(folder: Path, arguments: list[str], code: int, words: str) -> None:
    done = probecli("report", *arguments, cwd=folder)

    assert done.returncode == code
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_real_runs_become_a_page_from_their_history(server: Server, tmp_path: Path) -> None:
    history = ("--history", "h.sqlite")
    for status in (200, 503):
        (tmp_path / "targets.yaml").write_text(
            f"targets:\n  - name: api\n    url: {server.url}/{status}\n"
        )
        probecli("check", "--retries", "0", *history, "-o", "html=run.html", cwd=tmp_path)
    done = probecli("report", *history, cwd=tmp_path)

    assert done.returncode == 0
    for page in (done.stdout, (tmp_path / "run.html").read_text()):
        assert headline(page) == "The target is down"
        assert "(last ok)" in page
    assert "5 min" in done.stdout
