import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from cli.conftest import Server, probecli
from output.samples import OUTAGE, snapshot
from probecli.output.json import render

UP = snapshot([replace(one, state="up", cause=None, detail=None) for one in OUTAGE])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, value in (("up", UP), ("outage", snapshot())):
        (tmp_path / f"{name}.json").write_bytes(b"".join(render(value)))
    (tmp_path / "future.json").write_text('{"schema_version": 2}')
    (tmp_path / "list.yaml").write_text("targets:\n  - https://example.org/\n")
    return tmp_path


@pytest.mark.parametrize(
    ("old", "new", "code", "words"),
    [
        ("up.json", "outage.json", 1, "Worse: 5 newly down"),
        ("outage.json", "up.json", 0, "Nothing got worse: 7 recovered"),
        ("up.json", "up.json", 0, "Nothing changed on 9 targets"),
        ("up.json", "no.json", 2, "no.json: cannot be read: No such file"),
        ("list.yaml", "up.json", 2, "list.yaml: is not JSON"),
        ("up.json", "future.json", 2, "future.json: has schema_version 2"),
        ("-", "-", 2, "cannot both be standard input"),
    ],
)
def test_the_exit_code_says_whether_anything_got_worse(
    folder: Path, old: str, new: str, code: int, words: str
) -> None:
    done = probecli("diff", old, new, cwd=folder)

    assert done.returncode == code
    assert words in (done.stderr if code == 2 else done.stdout)
    assert "Traceback" not in done.stderr


def test_one_side_may_come_through_a_pipe(folder: Path) -> None:
    done = probecli("diff", "up.json", "-", stdin=(folder / "outage.json").read_text(), cwd=folder)

    assert (done.returncode, done.stdout.splitlines()[0]) == (1, "Newly down (5)")


def test_several_outputs_are_written_at_once(folder: Path) -> None:
    arguments = ("-o", "table", "-o", "json={vantage}.json", "-o", "markdown=comment.md")
    done = probecli("diff", "up.json", "outage.json", *arguments, cwd=folder)

    assert done.returncode == 1
    assert done.stdout.startswith("Newly down (5)")
    assert json.loads((folder / "paris-1.json").read_text())["worse"] is True
    assert (folder / "comment.md").read_text().startswith("### ❌ probecli: Worse")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["-o", "csv"], 2, "-o csv: no such format; write FORMAT or FORMAT=PATH. Formats: table, "),
        (["-o", "markdwn"], 2, "did you mean markdown?"),
        (["-o", "json=/dev/full"], 74, "cannot write /dev/full"),
        (["--slower-factor", "0.5"], 2, "--slower-factor 0.5: give a number of at least 1"),
        (["--slower-factor", "nan"], 2, "--slower-factor nan: give a number"),
        (["--slower-ms", "fast"], 2, "--slower-ms fast: give a number of at least 0"),
    ],
)
def test_mistakes_are_told(folder: Path, arguments: list[str], code: int, words: str) -> None:
    done = probecli("diff", "up.json", "outage.json", *arguments, cwd=folder)

    assert done.returncode == code
    assert words in done.stderr


def test_what_counts_as_slower_can_be_set(folder: Path) -> None:
    slower = replace(
        UP,
        targets=tuple(
            replace(one, timings_ms=replace(one.timings_ms, total=one.timings_ms.total + 60))
            for one in UP.targets
        ),
    )
    (folder / "slower.json").write_bytes(b"".join(render(slower)))

    assert probecli("diff", "up.json", "slower.json", cwd=folder).returncode == 0
    strict = ("--slower-factor", "1", "--slower-ms", "50")
    done = probecli("diff", "up.json", "slower.json", *strict, cwd=folder)
    assert (done.returncode, done.stdout.splitlines()[0]) == (1, "Slower (9)")


def test_two_real_runs_are_compared(server: Server, tmp_path: Path) -> None:
    for name, status in (("old", 200), ("new", 503)):
        (tmp_path / "targets.yaml").write_text(
            f"targets:\n  - name: api\n    url: {server.url}/{status}\n"
        )
        probecli("check", "--retries", "0", "-o", f"json={name}.json", cwd=tmp_path)
    done = probecli("diff", "old.json", "new.json", cwd=tmp_path)

    assert done.returncode == 1
    assert "api  up -> down, http.error: 503" in done.stdout


@pytest.mark.parametrize(
    ("options", "code", "word"),
    [
        ((), 2, "CRITICAL"),
        (("--exit-profile", "nagios"), 2, "CRITICAL"),
        (("--exit-profile", "default"), 1, "WARNING"),
    ],
)
def test_the_nagios_output_implies_its_exit_profile(
    server: Server, options: tuple[str, ...], code: int, word: str
) -> None:
    done = probecli("check", f"{server.url}/503", "--retries", "0", "-o", "nagios", *options)

    assert done.returncode == code
    assert done.stdout.startswith(f"PROBECLI {word} - 1 down of 1: ")
