import errno
import io
import os
import random
import tempfile
import tracemalloc
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from output.hostile import texts
from output.samples import INCIDENT, NOW, OUTAGE, RUN, many, result, snapshot
from probecli.history.incidents import incidents_of
from probecli.model.cause import STATES, State
from probecli.model.result import Result
from probecli.model.snapshot import Snapshot
from probecli.output import spool as spooling
from probecli.output.interface import Options
from probecli.output.json import INDENTED_UP_TO, encode, spool
from probecli.output.sinks import open_sinks
from probecli.output.spool import Spool, not_up

CASES = [
    *((name, Options()) for name in ("json", "csv", "junit", "prometheus", "github", "nagios")),
    *((name, Options()) for name in ("html", "table", "plain")),
    *(("table", options) for options in (Options(verbose=True), Options(quiet=True))),
]


def keeping(results: Sequence[Result], *, seed: int = 1) -> Spool:
    """A spool that got `results` out of order."""
    kept = spool(len(results))
    places = list(range(len(results)))
    random.Random(seed).shuffle(places)
    for place in places:
        kept.add(place, results[place])
    return kept


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spooling, "_BLOCK_BYTES", 20_000)


def written(value: Snapshot, name: str, folder: Path, options: Options) -> bytes:
    path = folder / "written"
    streams = io.StringIO(), io.StringIO()
    with open_sinks(
        [f"{name}={path}"],
        stdout=streams[0],
        stderr=streams[1],
        env={},
        run=RUN,
        now=NOW,
        options=options,
    ) as sinks:
        sinks.begin(RUN, len(value.targets))
        sinks.end(value)
    return path.read_bytes()


RUNS: dict[str, list[Result]] = {
    "small": [*OUTAGE],
    "few up": [*many(700, failing=690), *OUTAGE],
    "mostly up": [
        *many(INDENTED_UP_TO, failing=3),
        result("flaky", flaky=True),
        result("hostile\x1b[2J ##[error]"),
        result("no group", "down", "dns.not_found"),
        result("last group", group="last"),
    ],
    "all up": many(1_100, failing=0, groups=3),
    "all failing": [
        result(f"{number}", state, "http.error", group=group, gated=gated)
        for number in range(100)
        for state in ("unknown", "degraded", "down")
        for group in ("a", "b", None)
        for gated in (True, False)
    ],
}


@pytest.mark.parametrize(("name", "options"), CASES)
@pytest.mark.parametrize("run", RUNS)
def test_every_output_is_the_same_from_a_spool(
    run: str, name: str, options: Options, tmp_path: Path
) -> None:
    value = msgspec.structs.replace(snapshot(RUNS[run]), incidents=(INCIDENT,))
    kept = keeping(RUNS[run])
    spooled = msgspec.structs.replace(value, targets=kept.results())

    same = written(spooled, name, tmp_path, options) == written(value, name, tmp_path, options)
    assert same
    kept.close()


def test_results_come_in_the_order_of_the_plan_as_they_went_in() -> None:
    results = RUNS["mostly up"]
    kept = keeping(results)
    spooled = kept.results()

    assert list(spooled) == results
    assert len(spooled) == len(results)
    assert spooled[0] == results[0]
    assert spooled[-1] == results[-1]
    assert spooled[5:9] == tuple(results[5:9])
    assert list(not_up(spooled)) == list(not_up(results))
    kept.close()


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(texts, texts), max_size=5))
def test_hostile_results_are_neither_changed_nor_written_otherwise(
    hostile: Iterable[tuple[str, str]],
) -> None:
    results = [
        one
        for name, words in hostile
        for one in (result(name, group=words), result(name, "down", "http.error", words))
    ]
    kept = keeping(results)

    assert list(kept.results()) == results
    assert [line for lines in kept.results().encoded(encode) for line in lines] == [
        encode(one) for one in results
    ]


def test_targets_without_a_result_are_left_out() -> None:
    kept = spool(10)
    kept.add(7, result("b"))
    kept.add(3, result("a", "down", "tcp.refused"))

    assert [one.name for one in kept.results()] == ["a", "b"]
    assert kept.results()[1].name == "b"


@pytest.mark.parametrize("after", [0, 3])
def test_a_full_disk_costs_memory_and_no_result(
    after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    writes = iter(range(after))

    def pwrite(fd: int, data: bytes, offset: int) -> int:
        if next(writes, None) is None:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(fd, data[:7_000], offset)

    write = os.pwrite
    monkeypatch.setattr(os, "pwrite", pwrite)
    kept = keeping(RUNS["mostly up"])

    assert list(kept.results()) == RUNS["mostly up"]
    kept.close()


def test_without_a_folder_for_temporary_files_results_stay_in_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def none(**_: object) -> None:
        raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found")

    monkeypatch.setattr(tempfile, "TemporaryFile", none)
    assert list(keeping(RUNS["mostly up"]).results()) == RUNS["mostly up"]


def test_a_spool_has_no_name_and_its_bytes_go_to_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    kept = keeping(many(2_000, failing=0))

    assert kept._written > 1_000_000
    assert not list(tmp_path.iterdir())
    kept.close()


@pytest.mark.parametrize("state", STATES)
def test_a_further_target_costs_some_bytes_of_memory_whatever_its_state(state: State) -> None:
    one = result("a", state, None if state == "up" else "tcp.refused", flaky=True)
    tracemalloc.start()
    try:
        kept = spool(50_000)
        for index in range(20_000):
            kept.add(index, one)
        before, _ = tracemalloc.get_traced_memory()
        for index in range(20_000, 50_000):
            kept.add(index, one)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # The numbers for each were made with the spool; what is left is the block that fills.
    assert after - before < 100_000
    kept.close()


DOWN = many(4_000, failing=4_000, groups=4)


@pytest.mark.parametrize("name", ["table", "github", "nagios"])
def test_an_output_that_shows_some_of_what_is_down_holds_no_more_of_it(
    name: str, tmp_path: Path
) -> None:
    kept = keeping(DOWN)
    value = msgspec.structs.replace(snapshot([]), targets=kept.results())
    written(value, name, tmp_path, Options())
    tracemalloc.start()
    try:
        written(value, name, tmp_path, Options())
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # Some 500 that are read at once, and a number for each of the others.
    assert peak < 512 * 3_000 + 200 * len(DOWN)
    kept.close()


def test_incidents_hold_little_of_what_is_down() -> None:
    kept = keeping(DOWN)
    incidents_of(kept.results()[:10])
    tracemalloc.start()
    try:
        incidents = incidents_of(not_up(kept.results()))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert [len(one.targets) for one in incidents] == [len(DOWN)]
    assert peak < 512 * 3_000 + 450 * len(DOWN)
    kept.close()
