import errno
import io
import json
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from output.pty_session import python_path
from output.samples import NOW, OUTAGE, RUN, result, snapshot
from probecli.model.snapshot import Snapshot
from probecli.output.formats import FORMATS
from probecli.output.interface import Options
from probecli.output.sinks import Sinks, open_sinks
from probecli.output.specs import OutputError


def opened(specs: Sequence[str], stdout: io.TextIOBase | None = None) -> Sinks:
    return open_sinks(
        specs, stdout=stdout or io.StringIO(), stderr=io.StringIO(), env={}, run=RUN, now=NOW
    )


def play(sinks: Sinks, value: Snapshot | None = None) -> None:
    value = value or snapshot()
    sinks.begin(RUN, len(value.targets))
    for one in value.targets:
        sinks.add(one)
    sinks.end(value)


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_writes_to_a_file_and_to_standard_output(tmp_path: Path, name: str) -> None:
    stdout = io.StringIO()
    with opened([name], stdout) as sinks:
        play(sinks)
    with opened([f"{name}={tmp_path}/out"]) as sinks:
        play(sinks)

    assert "laposte-www" in stdout.getvalue()
    assert "laposte-www" in (tmp_path / "out").read_text()
    assert FORMATS[name].description


def test_several_outputs_are_written_in_one_run(tmp_path: Path) -> None:
    stdout = io.StringIO()
    specs = ["ndjson", f"json={tmp_path}/{{vantage}}.json", f"csv={tmp_path}/x.csv"]
    with opened(specs, stdout) as sinks:
        play(sinks)

    assert msgspec.json.decode((tmp_path / "paris-1.json").read_bytes(), type=Snapshot)
    lines = [json.loads(line) for line in stdout.getvalue().splitlines()]
    assert [line["type"] for line in lines] == ["result"] * 9 + ["summary"]
    assert (tmp_path / "x.csv").read_text().count("\n") == 10


def test_a_pipe_gets_plain_lines_without_a_spec() -> None:
    stdout = io.StringIO()
    with opened([], stdout) as sinks:
        play(sinks)

    assert stdout.getvalue().startswith("DOWN        640 ms  503  laposte-www")


def test_ndjson_in_a_file_appears_whole_at_the_end(tmp_path: Path) -> None:
    with opened([f"ndjson={tmp_path}/out"]) as sinks:
        sinks.begin(RUN, 9)
        for one in OUTAGE:
            sinks.add(one)
        assert not (tmp_path / "out").exists()
        sinks.end(snapshot())

    assert (tmp_path / "out").read_bytes().count(b"\n") == 10


def test_a_run_that_breaks_off_leaves_neither_file_nor_thread(tmp_path: Path) -> None:
    sinks = opened([f"ndjson={tmp_path}/a", f"json={tmp_path}/b", f"plain={tmp_path}/c"])
    with sinks:
        sinks.begin(RUN, 9)
        sinks.add(OUTAGE[0])

    assert list(tmp_path.iterdir()) == []
    assert "probecli-output" not in {thread.name for thread in threading.enumerate()}


def test_a_mistake_in_any_spec_opens_nothing(tmp_path: Path) -> None:
    with pytest.raises(OutputError):
        opened([f"json={tmp_path}/a", "nonsense"])

    assert list(tmp_path.iterdir()) == []


def test_a_path_that_cannot_be_written_is_found_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file/x") as caught:
        opened([f"json={tmp_path}/a", f"csv={tmp_path}/file/x"])

    assert caught.value.filename == f"{tmp_path}/file/x"
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def test_an_output_that_fails_is_reported_at_the_end_and_the_others_are_written(
    tmp_path: Path,
) -> None:
    sinks = opened(["json=/dev/full", f"csv={tmp_path}/x.csv"])
    with pytest.raises(OSError, match="/dev/full") as caught, sinks:
        play(sinks)

    assert caught.value.errno == errno.ENOSPC
    assert (tmp_path / "x.csv").read_text().count("\n") == 10


def test_files_are_in_their_place_before_the_last_word_goes_to_standard_output(
    tmp_path: Path,
) -> None:
    class Watching(io.StringIO):
        def write(self, text: str) -> int:
            assert (tmp_path / "x.csv").exists()
            return super().write(text)

    stdout = Watching()
    with opened(["table", f"csv={tmp_path}/x.csv"], stdout) as sinks:
        play(sinks)

    assert "Gate failed" in stdout.getvalue()


def test_every_failed_output_is_named(tmp_path: Path) -> None:
    (tmp_path / "full").symlink_to("/dev/full")
    sinks = opened(["json=/dev/full", f"csv={tmp_path}/full"])
    with pytest.raises(OSError, match="/dev/full") as caught, sinks:
        play(sinks)

    assert f"{tmp_path}/full" in caught.value.__notes__[0]


class _ClosedPipe:
    """A pipe whose reader has gone, as a text stream."""

    def __enter__(self) -> io.TextIOBase:
        reader, writer = os.pipe()
        os.close(reader)
        self._stream = os.fdopen(writer, "w")
        return self._stream

    def __exit__(self, *_: object) -> None:
        self._stream.close()


@pytest.mark.parametrize("name", FORMATS)
def test_a_reader_that_went_away_ends_the_run_when_nothing_else_is_written(name: str) -> None:
    with _ClosedPipe() as stdout, opened([name], stdout) as sinks, pytest.raises(BrokenPipeError):
        play(sinks)


def test_a_reader_that_went_away_does_not_keep_a_file_from_being_written(tmp_path: Path) -> None:
    with _ClosedPipe() as stdout, opened(["plain", f"json={tmp_path}/x"], stdout) as sinks:
        play(sinks)

    assert msgspec.json.decode((tmp_path / "x").read_bytes(), type=Snapshot) == snapshot()


SCRIPT = """
import os, sys
from output.pty_session import python_path
from output.samples import NOW, RUN, many, snapshot
from probecli.output.sinks import open_sinks
results = many(20_000, failing=0)
try:
    with open_sinks(sys.argv[1:], stdout=sys.stdout, stderr=sys.stderr, env={}, run=RUN,
                    now=NOW) as sinks:
        sinks.begin(RUN, len(results))
        for one in results:
            sinks.add(one)
        sinks.end(snapshot(results))
except BrokenPipeError:
    sys.exit(7)
"""


def run_script(*specs: str, **options: object) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, *specs],
        env=os.environ | {"PYTHONPATH": python_path()},
        stderr=subprocess.PIPE,
        **options,  # type: ignore[call-overload]
    )


@pytest.mark.parametrize("name", ["plain", "ndjson", "csv"])
def test_head_ends_the_program_without_a_word(name: str) -> None:
    with run_script(name, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        assert process.stdout.read(10)
        process.stdout.close()

        assert process.stderr.read() == b""
        assert process.wait() == 7


def test_importing_the_outputs_imports_no_heavy_package() -> None:
    code = (
        "import sys, probecli.output.sinks; "
        "print([m for m in ('rich', 'csv', 'asyncio', 'json') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert found.stdout.strip() == "[]"


def test_quiet_and_verbose_reach_the_outputs(tmp_path: Path) -> None:
    with open_sinks(
        [f"plain={tmp_path}/x"],
        stdout=io.StringIO(),
        stderr=io.StringIO(),
        env={},
        run=RUN,
        now=NOW,
        options=Options(quiet=True),
    ) as sinks:
        play(sinks, snapshot([result("wero"), result("x", "down", "tcp.refused")]))

    assert "wero" not in (tmp_path / "x").read_text()


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_people_get_the_streams_encoding_and_programs_get_utf_8(encoding: str) -> None:
    value = snapshot([result("été", "down", "http.error", "日本")])
    bytes_of = {}
    for name in ("json", "csv", "plain", "table"):
        stdout = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
        with opened([name], stdout) as sinks:
            play(sinks, value)
        bytes_of[name] = stdout.buffer.getvalue()

    assert msgspec.json.decode(bytes_of["json"], type=Snapshot) == value
    assert "été" in bytes_of["csv"].decode()
    assert r"\u65e5\u672c" in bytes_of["plain"].decode(encoding)
    assert r"\u65e5\u672c" in bytes_of["table"].decode(encoding)
