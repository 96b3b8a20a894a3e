import os
import random
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from history.pasts import at, run_at, seen
from probecli.history.fault import HistoryError
from probecli.history.place import Place
from probecli.history.store import Store

RECORDERS = Path(__file__).with_name("recorders.py")


def recorded(what: str, place: Place, first: int, second: int) -> list[str]:
    """What the recorders were told is kept."""
    where = place.url or str(place.path)
    command = [sys.executable, str(RECORDERS), what, where, str(first), str(second)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def runs_in(place: Place) -> list[str]:
    from sqlalchemy import select

    from probecli.history.tables import runs

    store = Store(place, at(0), create=False)
    asked = select(runs.c.run)
    return list(store.read(lambda connection: connection.execute(asked).scalars().all()))


def test_writers_at_once_lose_nothing_and_make_the_file_once(place: Place) -> None:
    told = recorded("together", place, 6, 12)

    assert len(told) == 72
    assert sorted(runs_in(place)) == sorted(told)


def test_killed_writers_lose_at_most_the_run_in_flight_and_never_the_file(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    told = recorded("killed", Place(path=path), 40, 22)
    there = runs_in(Place(path=path))

    assert set(told) <= set(there)
    assert len(there) - len(told) <= 40
    assert len(there) == len(set(there)) >= 39
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()
    # What a killed process left beside the file is its own spare file at most.
    assert len(list(tmp_path.glob(".history*"))) <= 3


@pytest.fixture
def history(tmp_path: Path) -> Path:
    """A history of some runs, closed."""
    path = tmp_path / "history.sqlite"
    store = Store(Place(path=path), at(0))
    for number in range(30):
        results = [seen(f"target-{one}", ("up", "down")[(number + one) % 2]) for one in range(60)]
        store.record(run_at(number * 5), results)
    return path


def use(path: Path) -> None:
    store = Store(Place(path=path), at(0))
    store.last("paris-1")
    store.record(run_at(1000), [seen(f"target-{one}") for one in range(60)])


def refused(path: Path) -> str:
    """What a history says that cannot be used, and that it was left alone."""
    before = path.read_bytes()
    with pytest.raises(HistoryError) as said:
        use(path)
    assert path.read_bytes() == before
    assert str(said.value).startswith(f"{path}: ")
    return str(said.value)


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_a_truncated_file_is_named_as_damaged_and_left_alone(history: Path, share: float) -> None:
    data = history.read_bytes()
    history.write_bytes(data[: int(len(data) * share)])

    assert "is damaged" in refused(history)


def test_a_damaged_head_is_named_and_left_alone(history: Path) -> None:
    data = bytearray(history.read_bytes())
    data[0:8] = b"\xff" * 8
    history.write_bytes(data)

    assert "not a SQLite file, or its head is damaged" in refused(history)


def test_flipped_bytes_are_an_error_with_a_name_or_do_no_harm(history: Path) -> None:
    whole = history.read_bytes()
    rng = random.Random(6)
    told: list[str] = []
    for _ in range(25):
        data = bytearray(whole)
        page = rng.randrange(1, len(data) // 4096) * 4096
        data[page : page + 64] = rng.randbytes(64)
        history.write_bytes(data)
        for extra in ("-wal", "-shm"):
            Path(f"{history}{extra}").unlink(missing_ok=True)
        try:
            use(history)
        except HistoryError as error:
            told.append(str(error))

    assert len(told) > 5
    assert all("damaged" in one or "cannot be" in one for one in told)


def test_a_file_of_a_later_version_is_left_alone(history: Path) -> None:
    connection = sqlite3.connect(history)
    connection.execute("INSERT INTO probecli_schema VALUES (99, 'later')")
    connection.commit()
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()

    assert "is of version 99, and this probecli knows 1: a newer probecli" in refused(history)


def test_a_database_of_something_else_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "mail.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE runs (id)")
    connection.commit()
    connection.close()

    assert "is a SQLite file of something else" in refused(path)


def test_a_database_whose_tables_are_taken_is_left_alone(postgres_place: Place) -> None:
    import psycopg

    assert postgres_place.url is not None
    with psycopg.connect(postgres_place.url, autocommit=True) as connection:
        connection.execute("CREATE TABLE series (mine int)")
    with pytest.raises(HistoryError, match="tables of other programs named series"):
        Store(postgres_place, at(0))


def test_text_is_no_history(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("buy milk\n" * 200)

    assert "is no history: not a SQLite file" in refused(path)


def test_an_empty_file_becomes_a_history(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    path.touch()
    use(path)

    assert runs_in(Place(path=path)) == [run_at(1000).id]


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        HistoryError, match=r"no/history\.sqlite: the history cannot be made: No such"
    ):
        Store(Place(path=tmp_path / "no" / "history.sqlite"), at(0))


def test_a_missing_history_is_not_made_by_reading_it(tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match="there is no history yet"):
        Store(Place(path=tmp_path / "history.sqlite"), at(0), create=False)
    assert list(tmp_path.iterdir()) == []


def test_the_own_folder_is_made_and_nobody_else_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "state" / "probecli" / "history.sqlite"
    Store(Place(path=path, is_own=True), at(0))

    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_server_that_is_not_there_is_named_without_the_password() -> None:
    place = Place(url="postgresql://u:secret@127.0.0.1:1/d")
    with pytest.raises(HistoryError, match=r"postgresql://u@127\.0\.0\.1:1/d: ") as said:
        Store(place, at(0))
    assert "secret" not in str(said.value)


_LIMITED = """
import resource, sys
from pathlib import Path
from probecli.history.fault import HistoryError
from probecli.history.place import Place
from probecli.history.store import Store
sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[2])
from history.pasts import run_at, seen
import signal
store = Store(Place(path=Path(sys.argv[1])), "")
size = Path(sys.argv[1]).stat().st_size
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
try:
    for number in range(50):
        store.record(run_at(2000 + number), [seen(f"t{one}") for one in range(400)])
except HistoryError as error:
    print(error)
"""


def test_a_full_disk_is_an_error_and_leaves_the_history_whole(history: Path) -> None:
    before = runs_in(Place(path=history))
    done = subprocess.run(
        [sys.executable, "-c", _LIMITED, str(history), str(RECORDERS.parents[1])],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip

    assert "cannot be" in done.stdout, done.stderr
    assert set(before) <= set(runs_in(Place(path=history)))


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user")
def test_a_read_only_folder_is_read_and_says_that_it_cannot_be_written(
    history: Path,
) -> None:
    script = (
        "import os, sys; from pathlib import Path; from probecli.history.fault import HistoryError;"
        "from probecli.history.place import Place; from probecli.history.store import Store;"
        "from probecli.model.snapshot import Run; os.setuid(65534);"
        "place = Place(path=Path(sys.argv[1]));"
        "print(len(Store(place, '', create=False).last('paris-1')))\n"
        "try: Store(place, '').record(Run(id='x', vantage='v', version='0',"
        " started_at='2025-12-22T06:00:00Z'), [])\n"
        "except HistoryError as error: print(error)"
    )
    for folder in (history.parent, *history.parent.parents):
        if folder.stat().st_uid == 0 and folder != Path("/tmp"):
            folder.chmod(0o755)
        if folder == Path("/tmp"):
            break
    done = subprocess.run(
        [sys.executable, "-c", script, str(history)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip

    first, second = done.stdout.splitlines()
    assert first == "60", done.stderr
    assert "cannot be written" in second or "cannot be opened" in second
