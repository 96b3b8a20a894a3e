import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from cli.conftest import BROKEN_STREAM, COMMAND, ENVIRONMENT, Server, changed, probecli, started

FAST = ("--retries", "0")


def refused_url() -> str:
    """The URL of a port that nothing listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{sock.getsockname()[1]}/"


@pytest.mark.parametrize(
    ("path", "options", "code"),
    [
        ("/200", (), 0),
        ("/503", (), 1),
        ("/404", (), 1),
        ("/challenge", (), 3),
        ("/503", ("--fail-on", "never"), 0),
        ("/503", ("--max-failures", "1"), 0),
        ("/503", ("--max-failures", "50%"), 1),
        ("/challenge", ("--fail-on", "unknown"), 1),
        ("/challenge", ("--fail-on", "never"), 0),
        ("/503", ("--exit-profile", "nagios"), 2),
        ("/challenge", ("--exit-profile", "nagios"), 3),
        ("/200", ("--exit-profile", "nagios"), 0),
    ],
)
def test_exit_code_is_the_gates(
    server: Server, path: str, options: tuple[str, ...], code: int
) -> None:
    done = probecli("check", server.url + path, *FAST, *options)
    assert done.returncode == code, done.stdout + done.stderr
    assert not done.stderr


def test_url_alone_is_checked(server: Server) -> None:
    done = probecli(f"{server.url}/503", *FAST, "-o", "json")
    assert done.returncode == 1
    (target,) = json.loads(done.stdout)["targets"]
    assert (target["state"], target["cause"]) == ("down", "http.error")


def test_snapshot_says_what_was_measured(server: Server) -> None:
    refused = refused_url()
    done = probecli("check", f"{server.url}/200", refused, "--retries", "1", "-o", "json")
    snapshot = json.loads(done.stdout)
    up, down = snapshot["targets"]
    assert snapshot["summary"] == {"total": 2, "up": 1, "degraded": 0, "down": 1, "unknown": 0}
    gate = {"passed": False, "exit_code": 1, "reason": "1 down, 0 allowed"}
    assert snapshot["gate"].items() >= gate.items()
    assert snapshot["run"]["complete"] is True
    assert up["http"]["status"] == 200
    assert up["timings_ms"]["dns"] is None
    assert up["timings_ms"]["wait"] > 0
    assert [one["cause"] for one in down["attempts"]] == ["tcp.refused", "tcp.refused"]
    assert down["attempts"][0]["backoff_ms"] is not None
    assert down["attempts"][1]["backoff_ms"] is None
    assert down["timings_ms"]["wait"] is None
    assert down["server"]["ip"] is None


def test_targets_come_from_standard_input(server: Server) -> None:
    done = probecli(
        "check", "-", "-o", "csv", stdin=f"# mine\n{server.url}/200\n{server.url}/204\n"
    )
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == 3


def test_targets_yaml_here_is_the_default(server: Server, tmp_path: Path) -> None:
    (tmp_path / "targets.yaml").write_text(f"targets: [{server.url}/200]\n")
    assert probecli("check", cwd=tmp_path).returncode == 0


def test_no_target_file_is_a_usage_error_that_helps(tmp_path: Path) -> None:
    done = probecli("check", cwd=tmp_path, env={"HOME": str(tmp_path), "XDG_CONFIG_HOME": ""})
    assert done.returncode == 2
    assert "probecli init" in done.stderr
    assert not done.stdout


def test_mistakes_are_all_told_and_nothing_is_probed(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text(f"targets:\n  - {server.url}/hold\n  - url: nonsense\n    timout: 3s\n")
    done = probecli("check", str(file))
    assert done.returncode == 2
    assert f"{file}:4:5" in done.stderr
    assert "timeout" in done.stderr
    assert f"{file}:3:" in done.stderr
    assert "^" in done.stderr
    assert not done.stdout


@pytest.mark.parametrize(
    "options",
    [
        ("--retries", "x"),
        ("--retries", "-1"),
        ("--timeout", "soon"),
        ("--timeout", "0s"),
        ("--deadline", "0"),
        ("--concurrency", "0"),
        ("--fail-on", "sometimes"),
        ("--max-failures", "many"),
        ("--exit-profile", "icinga"),
        ("-o", "josn"),
        ("-o", "json={nowhere}"),
        ("-o", "json", "-o", "csv"),
        ("--no-such-option",),
    ],
)
def test_wrong_option_is_a_usage_error_in_one_sentence(
    server: Server, options: tuple[str, ...]
) -> None:
    done = probecli("check", f"{server.url}/200", *options)
    assert done.returncode == 2
    assert not done.stdout
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) <= 4


def test_selection_without_a_target_exits_5_and_names_what_there_is(
    server: Server, tmp_path: Path
) -> None:
    file = tmp_path / "targets.yaml"
    file.write_text(f"targets:\n  - {{url: '{server.url}/200', group: bank, tags: [api]}}\n")
    done = probecli("check", str(file), "--group", "post")
    assert done.returncode == 5
    assert "bank" in done.stderr


def test_options_choose_by_group_tag_and_name(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "targets.yaml"
    file.write_text(
        "targets:\n"
        f"  - {{name: a-1, url: '{server.url}/200', group: bank, tags: [api]}}\n"
        f"  - {{name: a-2, url: '{server.url}/200', group: bank}}\n"
        f"  - {{name: b-1, url: '{server.url}/200', group: post, tags: [api]}}\n"
    )
    for options, names in [
        (("--group", "bank"), ["a-1", "a-2"]),
        (("--tag", "api"), ["a-1", "b-1"]),
        (("--name", "a-*", "--name", "b-*"), ["a-1", "a-2", "b-1"]),
        (("--group", "bank", "--tag", "api"), ["a-1"]),
    ]:
        done = probecli("check", str(file), *options, "-o", "json")
        assert [one["name"] for one in json.loads(done.stdout)["targets"]] == names


def test_environment_gives_every_option(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    done = probecli(
        "check",
        f"{server.url}/503",
        env={
            "PROBECLI_OUTPUT": f"json={path} csv",
            "PROBECLI_RETRIES": "0",
            "PROBECLI_FAIL_ON": "never",
            "PROBECLI_VANTAGE": "paris-1",
        },
    )
    assert done.returncode == 0
    assert done.stdout.startswith("run_id,vantage,")
    snapshot = json.loads(path.read_bytes())
    assert snapshot["run"]["vantage"] == "paris-1"
    assert len(snapshot["targets"][0]["attempts"]) == 1


def test_secrets_reach_no_output(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "targets.yaml"
    file.write_text(
        "targets:\n"
        f"  - url: '{server.url}/200?token=${{TOKEN}}'\n"
        "    headers: {X-Key: '${TOKEN}'}\n"
        "    expect: {body: {contains: nothing}, final_url: {contains: elsewhere}}\n"
    )
    for form in ("json", "ndjson", "csv", "plain", "table"):
        done = probecli("check", str(file), "-v", "-o", form, env={"TOKEN": "s3cr3t-value"})
        assert "s3cr3t-value" not in done.stdout + done.stderr
        assert "***" in done.stdout


def test_output_that_cannot_be_written_exits_74(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = probecli("check", f"{server.url}/200", "-o", f"json={tmp_path}/file/x.json")
    assert done.returncode == 74
    assert "file/x.json" in done.stderr
    full = probecli("check", f"{server.url}/200", "-o", "json=/dev/full")
    assert full.returncode == 74
    assert "/dev/full" in full.stderr


def test_a_history_that_cannot_be_meant_so_exits_2_and_leaves_no_file(tmp_path: Path) -> None:
    outputs = ("-o", f"json={tmp_path}/out.json", "-o", f"ndjson={tmp_path}/out.ndjson")
    done = probecli("check", "http://127.0.0.1:9/", *outputs, "--history", "mongodb://x/y")
    assert done.returncode == 2
    assert "mongodb" in done.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["json", "ndjson"])
def test_an_output_whose_own_reader_has_gone_exits_74_and_the_others_are_written(
    server: Server, tmp_path: Path, name: str
) -> None:
    fifo = tmp_path / "fifo"
    # Open at both ends, then only for writing.
    unread = f"mkfifo '{fifo}'; exec 8<>'{fifo}' 7>'{fifo}' 8<&-"
    outputs = ("-o", "plain", "-o", f"{name}=/dev/fd/7")
    done = probecli("check", f"{server.url}/200", *outputs, shell=unread)
    assert done.returncode == 74
    assert done.stderr == "probecli: cannot write /dev/fd/7: Broken pipe\n"
    assert "Gate passed" in done.stdout


def test_deadline_ends_the_run_with_what_is_finished(server: Server) -> None:
    done = probecli(
        "check", f"{server.url}/200", f"{server.url}/hold", "--deadline", "1s", "-o", "json"
    )
    assert done.returncode == 124
    snapshot = json.loads(done.stdout)
    finished, unfinished = snapshot["targets"]
    assert snapshot["run"]["complete"] is False
    assert snapshot["gate"]["exit_code"] == 124
    assert finished["state"] == "up"
    assert (unfinished["state"], unfinished["cause"]) == ("unknown", "local.interrupted")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signal_writes_what_is_finished(
    server: Server, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    path = tmp_path / "out.json"
    process = started(
        "check", f"{server.url}/200", f"{server.url}/hold", "-o", f"json={path}", "-o", "ndjson"
    )
    assert process.stdout is not None
    assert json.loads(process.stdout.readline())["state"] == "up"
    server.wait_until_asked()
    process.send_signal(number)
    rest, errors = process.communicate(timeout=30)
    assert process.returncode == code
    assert not errors
    snapshot = json.loads(path.read_bytes())
    assert snapshot["run"]["complete"] is False
    assert [one["state"] for one in snapshot["targets"]] == ["up", "unknown"]
    assert json.loads(rest.splitlines()[-1])["type"] == "summary"


def test_reader_that_leaves_is_no_error(server: Server) -> None:
    urls = "".join(f"{server.url}/200?{number}\n" for number in range(300))
    with subprocess.Popen(
        [*COMMAND, "check", "-", "-o", "ndjson"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write(urls)
        process.stdin.close()
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(timeout=30) in (0, 141)


def test_fault_of_our_own_exits_70_and_keeps_what_was_measured(server: Server) -> None:
    done = changed(BROKEN_STREAM, "check", f"{server.url}/200", "tcp://127.0.0.1:9", "-o", "json")
    assert done.returncode == 70
    assert "ZeroDivisionError: of ours" in done.stderr
    assert "report" in done.stderr
    states = [one["state"] for one in json.loads(done.stdout)["targets"]]
    assert states == ["up", "unknown"]


def test_nothing_but_results_on_standard_output(server: Server) -> None:
    done = probecli("check", f"{server.url}/200", "-o", "json")
    assert json.loads(done.stdout)
    assert done.stderr == ""


def test_targets_in_a_full_list_do_not_exhaust_descriptors(server: Server) -> None:
    urls = "".join(f"{server.url}/200?{number}\n" for number in range(400))
    change = "import resource\nresource.setrlimit(resource.RLIMIT_NOFILE, (128, 128))\n"
    done = changed(change, "check", "-", "--per-host", "400", "-o", "json", stdin=urls)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["summary"]["up"] == 400


def test_empty_environment_is_enough(server: Server) -> None:
    done = subprocess.run(
        [*COMMAND, "check", f"{server.url}/200"],
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"]},
        stdin=subprocess.DEVNULL,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_a_run_under_way_leaves_the_next_one_out(server: Server, tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    first = started("check", f"{server.url}/hold", "--lock", str(lock))
    server.wait_until_asked()
    second = probecli("check", f"{server.url}/503", "--lock", str(lock), *FAST)
    assert second.returncode == 0
    assert not second.stdout
    assert f"process {first.pid} still holds {lock}" in second.stderr
    first.kill()
    first.communicate()
    third = probecli("check", f"{server.url}/503", "--lock", str(lock), *FAST)
    assert third.returncode == 1


def test_a_lock_can_be_waited_for(server: Server, tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    first = started("check", f"{server.url}/hold", "--lock", str(lock))
    server.wait_until_asked()
    second = started("check", f"{server.url}/200", "--lock", str(lock), "--lock-wait", "30s")
    first.terminate()
    first.communicate()
    _, errors = second.communicate(timeout=30)
    assert second.returncode == 0
    assert not errors


@pytest.mark.parametrize("redirection", [">&-", "2>&-", ">&- 2>&-", "<&-"])
def test_a_closed_stream_is_no_fault(server: Server, tmp_path: Path, redirection: str) -> None:
    path = tmp_path / "out.json"
    command = f"{sys.executable} -m probecli check {server.url}/200 -o json={path} {redirection}"
    done = subprocess.run(
        ["sh", "-c", command], capture_output=True, env=ENVIRONMENT, timeout=60, check=False
    )
    assert done.returncode == 0
    assert json.loads(path.read_bytes())["summary"]["up"] == 1


def test_what_failed_in_the_baseline_cannot_fail_the_gate(server: Server, tmp_path: Path) -> None:
    before, urls = tmp_path / "before.json", [f"{server.url}/503", f"{server.url}/200"]
    probecli("check", *urls, *FAST, "-o", f"json={before}")
    known = probecli("check", *urls, *FAST, "--baseline", str(before))
    assert known.returncode == 0
    assert "1 down not gated" in known.stdout
    new = probecli("check", *urls, f"{server.url}/404", *FAST, "--baseline", str(before))
    assert new.returncode == 1
    wrong = probecli("check", *urls, "--baseline", str(tmp_path / "none.json"))
    assert wrong.returncode == 2
    assert "none.json" in wrong.stderr


def test_a_plug_in_that_cannot_probe_is_unknown(tmp_path: Path) -> None:
    done = probecli("check", str(tmp_path / "none.yaml"), "-o", "nagios")
    assert done.returncode == 3
