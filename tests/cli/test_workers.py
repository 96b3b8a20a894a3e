import contextlib
import json
import signal
import subprocess
from collections.abc import Iterable
from itertools import chain, islice, repeat
from multiprocessing import Pipe
from pathlib import Path
from typing import Any

import pytest

from cli.conftest import BROKEN_STREAM, Server, changed, probecli, started
from cli.gate import Gate, Shared, needs_linux
from faults.dns import Query, reply, resolving
from probecli.engine.shares import Claims, chosen_workers, shares
from probecli.engine.stop import Stop
from probecli.model.plan import Plan
from probecli.model.target import Target


@pytest.fixture
def url_list(server: Server, tmp_path: Path) -> Path:
    """Two hundred targets on several hosts, and one on each that is held back."""
    port = server.url.rpartition(":")[2]
    path = tmp_path / "urls.txt"
    lines = [f"http://127.0.0.1:{port}/200?{number}" for number in range(100)]
    lines += [f"http://localhost:{port}/200?{number}" for number in range(100)]
    path.write_text("\n".join(lines))
    return path


def test_a_hosts_targets_stay_together() -> None:
    urls = [f"http://host-{number % 7}.example/{number}" for number in range(100)]
    plan = Plan(targets=tuple(Target(name=url, url=url) for url in urls))
    parts = shares(plan, 3)
    assert sorted(index for part in parts for index in part) == list(range(100))
    hosts = [{urls[index].split("/")[2] for index in part} for part in parts]
    assert sum(map(len, hosts)) == len(set().union(*hosts)) == 7


def test_every_share_is_claimed_once_by_whoever_asks() -> None:
    urls = [f"http://host-{number}.example/" for number in range(300)]
    parts = shares(Plan(targets=tuple(Target(name=url, url=url) for url in urls)), 2)
    with contextlib.closing(Claims(parts, Pipe(duplex=False))) as claims:
        first, second = iter(claims), iter(claims)
        claimed = [next(first), *islice(second, 150)]
        assert set(claimed[1:]).isdisjoint(parts[0])
        assert sorted([*claimed, *first, *second]) == list(range(300))


def test_nothing_more_is_claimed_after_a_stop() -> None:
    parts = shares(
        Plan(targets=tuple(Target(name=url, url=url) for url in ("http://a/", "http://b/"))), 2
    )
    stop = Stop()
    with contextlib.closing(Claims(parts, Pipe(duplex=False))) as claims:
        places = claims.until(stop)
        next(places)
        stop(130)
        assert list(places) == []


@pytest.mark.parametrize(
    ("plain", "secure", "processes"),
    [
        (1, 0, 1),
        (3999, 0, 1),
        (4000, 0, 2),
        (8000, 0, 4),
        (1_000_000, 0, 4),
        (0, 499, 1),
        (0, 500, 2),
        (2000, 250, 2),
        (0, 1000, 4),
    ],
)
def test_a_list_is_shared_by_as_many_processes_as_its_targets_take(
    monkeypatch: pytest.MonkeyPatch, plain: int, secure: int, processes: int
) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: range(4), raising=False)
    targets = chain(
        repeat(Target(name="p", url="http://h/"), plain),
        repeat(Target(name="s", url="https://h/"), secure),
    )
    assert chosen_workers(targets) == processes


def test_a_single_core_has_a_single_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: range(1), raising=False)
    assert chosen_workers(repeat(Target(name="s", url="https://h/"), 9999)) == 1


def test_workers_give_one_result_in_the_order_of_the_list(url_list: Path) -> None:
    done = probecli("check", str(url_list), "--workers", "3", "-o", "json")
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    names = [one["name"] for one in json.loads(done.stdout)["targets"]]
    assert names == url_list.read_text().splitlines()


def told(server: Server, folder: Path, workers: str, *options: str) -> tuple[int, list[Any], str]:
    """What a run says of a mixed list, but for its times: exit code, snapshot, CSV."""
    targets = "".join(
        f"  - {{name: {name}, url: '{server.url}/{status}?{name}', group: {group}{more}}}\n"
        for name, status, group, more in (
            ("one", 200, "first", ""),
            ("two", 503, "first", ", allow_failure: true"),
            ("three", 200, "second", ", allow_failure: true"),
            ("four", 404, "second", ""),
            ("five", 200, "second", ", warn: {body: never}"),
        )
    )
    file = folder / "targets.yaml"
    file.write_text(
        "defaults: {retry: {attempts: 1}}\n"
        "groups: {first: {title: One}, second: {gate: {max_failures: 1}}}\n"
        f"targets:\n{targets}"
    )
    place = folder / f"by-{workers}"
    place.mkdir()
    out, table = place / "out.json", place / "out.csv"
    done = probecli(
        *("check", str(file), "--workers", workers, "-o", f"json={out}", "-o", f"csv={table}"),
        *(option.format(place=place) for option in options),
    )
    assert not done.stderr
    snapshot = json.loads(out.read_bytes())
    facts = [
        (one["name"], one["state"], one["cause"], one["gated"], one["http"], one["expectations"])
        for one in snapshot["targets"]
    ]
    lines = [row.split(",")[3:12] for row in table.read_text().splitlines()]
    return done.returncode, [snapshot["summary"], snapshot["gate"], facts, lines], done.stdout


@pytest.mark.parametrize(
    "options", [(), ("-o", "nagios"), ("--history", "{place}/history.db", "-o", "github")]
)
def test_workers_tell_the_same_as_one_process(
    server: Server, tmp_path: Path, options: tuple[str, ...]
) -> None:
    alone = told(server, tmp_path, "1", *options)
    assert told(server, tmp_path, "2", *options)[:2] == alone[:2]


def test_workers_pass_every_result_on_as_it_comes(url_list: Path) -> None:
    done = probecli("check", str(url_list), "--workers", "2", "-o", "ndjson")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    results = [line for line in lines if line["type"] == "result"]
    assert {one["url"] for one in results} == set(url_list.read_text().splitlines())
    assert {one["state"] for one in results} == {"up"}


def test_controls_hold_for_all_workers(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "targets.yaml"
    file.write_text(
        "defaults: {retry: {attempts: 1}}\n"
        "controls: ['http://127.0.0.1:9/']\n"
        f"targets: ['http://127.0.0.1:9/', 'tcp://127.0.0.2:9', '{server.url}/503']\n"
    )
    done = probecli("check", str(file), "--workers", "2", "-o", "json")
    snapshot = json.loads(done.stdout)
    causes = [one["cause"] for one in snapshot["targets"]]
    assert causes == ["local.network", "local.network", "http.error"]
    assert "control" in snapshot["run"]["notice"]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_every_worker_in_order(
    server: Server, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    path = tmp_path / "urls.txt"
    path.write_text("\n".join([f"{server.url}/hold?{number}" for number in range(4)]))
    out = tmp_path / "out.json"
    process = started(
        "check", str(path), "tcp://127.0.0.1:9", "--workers", "2", "-o", f"json={out}"
    )
    server.wait_until_asked()
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == code
    assert not errors
    snapshot = json.loads(out.read_bytes())
    assert snapshot["summary"]["total"] == 5
    assert snapshot["run"]["complete"] is False


def test_a_signal_does_not_wait_for_a_control(server: Server, tmp_path: Path) -> None:
    file, out = tmp_path / "targets.yaml", tmp_path / "out.json"
    file.write_text(
        "defaults: {timeout: 10m}\n"
        f"controls: ['{server.url}/hold?control']\n"
        f"targets: ['{server.url}/hold?target']\n"
    )
    process = started("check", str(file), "--workers", "2", "-o", f"json={out}")
    server.wait_until_asked()
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert not errors
    snapshot = json.loads(out.read_bytes())
    assert [one["cause"] for one in snapshot["targets"]] == ["local.interrupted"]


def test_a_fault_of_our_own_in_a_worker_is_told(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "urls.txt"
    path.write_text(f"tcp://127.0.0.1:9\n{server.url}/200\n")
    done = changed(BROKEN_STREAM, "check", str(path), "--workers", "2", "-o", "json")
    assert done.returncode == 70, done.stderr
    assert "ZeroDivisionError: of ours" in done.stderr
    assert [one["state"] for one in json.loads(done.stdout)["targets"]] == ["unknown", "up"]


def test_no_process_outlives_the_run(url_list: Path) -> None:
    process = started("check", str(url_list), "--workers", "2", "-q")
    process.communicate(timeout=60)
    listed = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(process.pid)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert not listed.stdout.strip()


@needs_linux
def test_a_resolver_that_answers_one_process_is_not_unreachable_for_another(
    gate: Gate, tmp_path: Path
) -> None:
    """The parent is made to forget its own answers: what it knows, the worker has told."""

    def all_but_one(query: Query) -> Iterable[bytes]:
        name = str(query.message.question[0].name)
        return [] if name.startswith("mute") else [reply(query, f"{name} 60 IN A 127.0.0.1")]

    forgetful = (
        "from probecli.probe.name_servers import NameServers\n"
        "real = NameServers.has_answered\n"
        "NameServers.has_answered = lambda one: None if os.getpid() == parent else real(one)"
    )
    with resolving(all_but_one) as server:
        common = {"ip_version": 4, "resolver": f"127.0.0.1:{server}"}
        urls = [f"http://n{number}.test:{gate.server_port}/" for number in range(20)]
        mute = {"url": "http://mute.test/", "timeout": "300ms"}
        targets = [common | {"url": url} for url in urls] + [common | mute]
        check = Shared(gate, tmp_path, broken=forgetful, targets=targets)
        gate.open_all()
        assert check.ended() == (1, "")
    last = check.snapshot["targets"][-1]
    assert (last["state"], last["cause"]) == ("down", "dns.unreachable")
