import errno
import os
import resource
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from probecli.output.files import AtomicFile, StraightFile, is_straight
from probecli.output.terminal import Terminal

NO_TERMINAL = Terminal()


def atomic(path: Path | str, now_s: float = 0.0) -> AtomicFile:
    return AtomicFile(str(path), terminal=NO_TERMINAL, now_s=now_s)


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_the_file_appears_whole_and_only_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    path.write_bytes(b"old")
    file = atomic(path)
    file.write(b"x" * 1_000_000)
    file.write(b"y")

    assert path.read_bytes() == b"old"
    file.commit()
    assert path.read_bytes() == b"x" * 1_000_000 + b"y"
    assert names(tmp_path) == ["out.json"]


def test_what_is_not_committed_leaves_no_trace(tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    path.write_bytes(b"old")
    file = atomic(path)
    file.write(b"half")
    file.discard()
    file.discard()

    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["out.json"]


def test_discarding_after_the_commit_keeps_the_file(tmp_path: Path) -> None:
    file = atomic(tmp_path / "out")
    file.write(b"new")
    file.commit()
    file.discard()

    assert (tmp_path / "out").read_bytes() == b"new"


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o000, 0o644)])
def test_the_mode_is_0644_less_the_umask(tmp_path: Path, umask: int, mode: int) -> None:
    script = (
        "import sys; from probecli.output.files import AtomicFile; "
        "from probecli.output.terminal import Terminal; "
        "file = AtomicFile(sys.argv[1], terminal=Terminal()); file.commit()"
    )
    path = tmp_path / "out"
    subprocess.run([sys.executable, "-c", script, str(path)], check=True, umask=umask)

    assert stat.S_IMODE(path.stat().st_mode) == mode


def test_a_missing_folder_is_made(tmp_path: Path) -> None:
    atomic(tmp_path / "2025-12-22" / "paris" / "out").commit()

    assert (tmp_path / "2025-12-22" / "paris" / "out").exists()


def test_a_symbolic_link_stays_and_its_target_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    link = tmp_path / "link"
    link.symlink_to("real/out")
    file = atomic(link)
    file.write(b"new")
    file.commit()

    assert link.is_symlink()
    assert (tmp_path / "real" / "out").read_bytes() == b"new"
    assert names(tmp_path) == ["link", "real"]


def test_a_name_of_255_bytes_can_be_written(tmp_path: Path) -> None:
    path = tmp_path / ("é" * 127)
    atomic(path).commit()

    assert path.exists()


@pytest.mark.parametrize("path", ["", "folder"])
def test_a_folder_is_an_error_at_the_start(tmp_path: Path, path: str) -> None:
    (tmp_path / "folder").mkdir()

    with pytest.raises(IsADirectoryError) as caught:
        atomic(tmp_path / path)
    assert caught.value.filename == str(tmp_path / path)


def test_a_folder_that_cannot_be_made_is_an_error_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(OSError, match="file/out") as caught:
        atomic(tmp_path / "file" / "out")
    assert caught.value.errno in {errno.EEXIST, errno.ENOTDIR}


def test_a_full_disk_keeps_the_former_file_and_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_bytes(b"old")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    file = atomic(path)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        with pytest.raises(OSError, match="out") as caught:
            file.write(b"x" * 500_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        file.discard()

    assert caught.value.errno == errno.EFBIG
    assert caught.value.filename == str(path)
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["out"]


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_failing_commit_keeps_the_former_file_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path = tmp_path / "out"
    path.write_bytes(b"old")
    file = atomic(path)
    file.write(b"new")

    def fails(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, step, fails)
    with pytest.raises(OSError, match="Input/output error"):
        file.commit()

    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["out"]


def test_kill_9_at_any_moment_leaves_a_whole_file(tmp_path: Path) -> None:
    script = Path(__file__).with_name("killed_writer.py")
    command = [sys.executable, str(script), str(tmp_path / "out"), "300"]
    found = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()

    assert found == ["whole"] * 300


def test_what_killed_runs_left_is_removed_once_it_is_old(tmp_path: Path) -> None:
    old, young, other = (
        tmp_path / name for name in (".out.1234.tmp", ".out.5678.tmp", ".elsewhere.1.tmp")
    )
    for path, age_s in ((old, 1_000), (young, 1), (other, 1_000)):
        path.write_bytes(b"half")
        os.utime(path, (10_000 - age_s, 10_000 - age_s))
    running = atomic(tmp_path / "out", now_s=10_000)
    os.utime(running._temporary, (0, 0))
    atomic(tmp_path / "out", now_s=10_000).discard()

    assert not old.exists()
    assert young.exists()
    assert other.exists()
    running.commit()
    assert (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("path", "straight"),
    [("/dev/null", True), ("/dev/fd/7", True), ("/dev/stderr", True), ("/nowhere/at/all", False)],
)
def test_devices_and_descriptors_are_written_as_they_are(path: str, straight: bool) -> None:
    assert is_straight(path) is straight


def test_a_fifo_passes_on_what_is_written(tmp_path: Path) -> None:
    path = tmp_path / "fifo"
    os.mkfifo(path)
    received: list[bytes] = []
    reader = threading.Thread(target=lambda: received.append(path.read_bytes()))
    reader.start()
    file = StraightFile(str(path), terminal=NO_TERMINAL)
    file.write(b"x" * 200_000)
    file.commit()
    reader.join()

    assert is_straight(str(path))
    assert received == [b"x" * 200_000]


def test_a_pipe_whose_reader_has_gone_is_not_taken_for_standard_output() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    file = StraightFile(f"/dev/fd/{writer}", terminal=NO_TERMINAL)
    with pytest.raises(OSError, match=f"/dev/fd/{writer}") as caught:
        file.write(b"x")
    file.discard()
    os.close(writer)

    assert caught.value.errno == errno.EPIPE
    assert not isinstance(caught.value, BrokenPipeError)


def test_an_open_descriptor_is_written_where_it_stands(tmp_path: Path) -> None:
    with (tmp_path / "log").open("wb", buffering=0) as log:
        log.write(b"before ")
        file = StraightFile(f"/dev/fd/{log.fileno()}", terminal=NO_TERMINAL)
        file.write(b"after")
        file.commit()

    assert (tmp_path / "log").read_bytes() == b"before after"


def test_a_full_device_says_so_with_its_name() -> None:
    file = StraightFile("/dev/full", terminal=NO_TERMINAL)
    with pytest.raises(OSError, match="/dev/full") as caught:
        file.write(b"x")
    file.discard()

    assert caught.value.errno == errno.ENOSPC
