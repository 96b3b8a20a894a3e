import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from cli.conftest import Server, probecli
from output.samples import OUTAGE, snapshot
from probecli.output.json import render


def check(folder: Path, server: Server, name: str, *arguments: str, **paths: str) -> None:
    """A run of four targets into `name`.json; `paths` say where some of them answer."""
    (folder / "targets.yaml").write_text(
        "groups: {shop: {title: The Shop}}\n"
        "targets:\n"
        + "".join(
            f'  - {{name: {one}, url: "{server.url}/${{{one.upper()}:-200}}", group: shop}}\n'
            for one in ("api", "www", "mail", "pay")
        )
    )
    done = probecli(
        "check",
        "--retries",
        "0",
        *arguments,
        "-o",
        f"json={name}.json",
        cwd=folder,
        env={one.upper(): path for one, path in paths.items()},
    )
    assert done.returncode in (0, 1), done.stderr


def loaded(text: str) -> Any:
    return json.loads(text)


def test_two_shards_make_the_run_that_they_are_parts_of(server: Server, tmp_path: Path) -> None:
    down = {"api": "503", "www": "503"}
    check(tmp_path, server, "whole", "--vantage", "ci", **down)
    for part in "12":
        check(tmp_path, server, f"s{part}", "--vantage", "ci", "--shard", f"{part}/2", **down)
    done = probecli("merge", "s2.json", "s1.json", "-o", "json", cwd=tmp_path)

    assert (done.returncode, done.stderr) == (1, "")
    merged = loaded(done.stdout)
    whole = loaded((tmp_path / "whole.json").read_text())
    for key in ("summary", "gate", "groups"):
        assert merged[key] == whole[key]
    assert {one["name"]: one["state"] for one in merged["targets"]} == {
        one["name"]: one["state"] for one in whole["targets"]
    }
    assert merged["incidents"][0]["shared"]["title"] == "The Shop"
    assert sorted(merged["incidents"][0]["targets"]) == ["api", "www"]
    assert merged["run"]["complete"] is True
    assert merged["run"]["config_sha256"] == whole["run"]["config_sha256"]

    alone = probecli("merge", "s2.json", cwd=tmp_path)
    assert "probecli: shard 1/2 of ci is missing" in alone.stderr
    assert "incomplete" in alone.stdout
    assert alone.returncode == (1 if " down " in alone.stdout else 3)


def test_three_vantages_agree_by_quorum(server: Server, tmp_path: Path) -> None:
    check(tmp_path, server, "paris", "--vantage", "paris-1", api="503", www="503")
    check(tmp_path, server, "lyon", "--vantage", "lyon-1", api="503")
    check(tmp_path, server, "oslo", "--vantage", "oslo-1")
    names = ("paris.json", "lyon.json", "oslo.json")
    done = probecli("merge", *names, "-o", "table", "-o", "json={vantage}.json", cwd=tmp_path)

    assert done.returncode == 1
    assert "Gate failed: 1 down, 0 allowed (exit code 1)" in done.stdout
    merged = loaded((tmp_path / "lyon-1_oslo-1_paris-1.json").read_text())
    reason = "(http.error: 503 Service Unavailable, expected 200-399)"
    assert {one["name"]: (one["state"], one["detail"]) for one in merged["targets"]} == {
        "api": (
            "down",
            f"down from 2 of 3 vantages: lyon-1, paris-1 {reason}; up from oslo-1",
        ),
        "www": ("up", f"up from 2 of 3 vantages: lyon-1, oslo-1; down from paris-1 {reason}"),
        "mail": ("up", None),
        "pay": ("up", None),
    }
    strict = probecli("merge", *names, "--quorum", "1", "-o", "nagios", cwd=tmp_path)
    assert (strict.returncode, strict.stdout[:27]) == (2, "PROBECLI CRITICAL - 2 down ")
    all_three = probecli("merge", *names, cwd=tmp_path, env={"PROBECLI_QUORUM": "3"})
    assert all_three.returncode == 0
    before = probecli("merge", *names, "--baseline", "lyon.json", "-o", "plain", cwd=tmp_path)
    assert before.returncode == 0
    assert "1 down not gated" in before.stdout
    allowed = probecli("merge", *names, "--max-failures", "1", cwd=tmp_path)
    assert allowed.returncode == 0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, vantage, fail_on in (("a", "p", "down"), ("b", "l", "degraded")):
        one = _sample(vantage, fail_on)
        (tmp_path / f"{name}.json").write_bytes(b"".join(render(one)))
    down = snapshot(OUTAGE[:1])
    down = replace(down, gate=replace(down.gate, fail_on="never"))
    (tmp_path / "down.json").write_bytes(b"".join(render(down)))
    (tmp_path / "list.yaml").write_text("targets:\n  - https://example.org/\n")
    return tmp_path


def _sample(vantage: str, fail_on: str) -> Any:
    one = snapshot(OUTAGE[6:])
    return replace(
        one,
        run=replace(one.run, vantage=vantage, id=vantage),
        gate=replace(one.gate, fail_on=fail_on),
    )


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["a.json", "b.json", "--fail-on", "down"], 0, ""),
        (["a.json", "b.json"], 1, ""),
        (["down.json"], 1, ""),
        (["down.json", "--fail-on", "never"], 0, ""),
        (["list.yaml", "a.json", "no.json"], 2, "list.yaml: is not JSON"),
        (["list.yaml", "a.json", "no.json"], 2, "no.json: cannot be read: No such file"),
        (["-", "-"], 2, "standard input (-) can be read only once"),
        (["a.json", "--quorum", "0"], 2, "--quorum 0: give a whole number from 1"),
        (["a.json", "--quorum", "2"], 2, "--quorum 2 is more than there are vantages: 1 (p)"),
        (["a.json", "--max-age", "soon"], 2, "--max-age: "),
        (["a.json", "--fail-on", "up"], 2, "--fail-on up: choose one of"),
        (["a.json", "-o", "xml"], 2, "-o xml: no such format"),
        (["a.json", "-o", "json=/dev/full"], 74, "cannot write /dev/full"),
        (["list.yaml", "-o", "nagios"], 3, "list.yaml: is not JSON"),
        ([], 2, "Missing argument"),
    ],
)
def test_the_exit_code_is_the_gates_and_mistakes_are_told(
    folder: Path, arguments: list[str], code: int, words: str
) -> None:
    done = probecli("merge", *arguments, cwd=folder)

    assert done.returncode == code
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_one_snapshot_may_come_through_a_pipe(folder: Path) -> None:
    text = (folder / "a.json").read_text()
    done = probecli("merge", "-", "b.json", "-o", "csv", stdin=text, cwd=folder)

    assert done.returncode == 1
    assert ",l+p," in done.stdout.splitlines()[1]


def test_the_merged_run_may_be_named(folder: Path) -> None:
    done = probecli("merge", "a.json", "b.json", "--vantage", "europe", "-o", "json", cwd=folder)

    assert loaded(done.stdout)["run"]["vantage"] == "europe"


def test_failures_that_a_gate_allowed_are_spoken_of(server: Server, tmp_path: Path) -> None:
    check(tmp_path, server, "a", "--max-failures", "1", api="503")
    done = probecli("merge", "a.json", cwd=tmp_path)

    assert done.returncode == 1
    assert "a.json: its gate allowed failures" in done.stderr
    assert probecli("merge", "a.json", "--max-failures", "1", cwd=tmp_path).stderr == ""


def test_a_shard_that_met_its_deadline_gives_its_exit_code(server: Server, tmp_path: Path) -> None:
    names = ("api", "www", "mail", "pay")
    (tmp_path / "targets.yaml").write_text(
        "targets:\n" + "".join(f"  - {{name: {one}, url: '{server.url}/hold'}}\n" for one in names)
    )
    for part in "12":
        arguments = ("--deadline", "300ms", "--vantage", "ci", "--shard", f"{part}/2")
        probecli("check", *arguments, "-o", f"json=s{part}.json", cwd=tmp_path)
    done = probecli("merge", "s1.json", "s2.json", "-o", "plain", cwd=tmp_path)

    assert done.returncode == 124
    assert "shard 1/2 of ci was ended by its deadline" in done.stderr


def test_incidents_keep_the_dates_of_a_history(server: Server, tmp_path: Path) -> None:
    for name in ("before", "now"):
        down = {"api": "503", "www": "503"} if name == "now" else {}
        check(tmp_path, server, name, "--history", "h.sqlite", **down)
    done = probecli("merge", "now.json", "-o", "json", cwd=tmp_path)
    (merged,) = loaded(done.stdout)["incidents"]
    (told,) = loaded((tmp_path / "now.json").read_text())["incidents"]

    assert (merged["since"], merged["last_ok"]) == (told["since"], told["last_ok"])
    assert merged["since"] is not None
