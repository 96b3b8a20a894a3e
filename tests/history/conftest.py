import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from probecli.history.place import Place


def _programs() -> Path | None:
    """The folder of PostgreSQL's server programs: Debian keeps them off the PATH."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    there = shutil.which("initdb")
    folders += [Path(there).resolve().parent] if there else []
    return next((one for one in folders if (one / "pg_ctl").exists()), None)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a private PostgreSQL server on a socket in a folder of its own."""
    programs = _programs()
    if programs is None:
        pytest.skip("no PostgreSQL server here: apt-get install postgresql")
    pytest.importorskip("psycopg", reason="no driver for PostgreSQL: pip install psycopg[binary]")
    folder = Path(tempfile.mkdtemp(prefix="probecli-pg-"))
    user: list[str] = []
    if os.geteuid() == 0:
        # The server refuses to run as root.
        user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        shutil.chown(folder, "postgres", "postgres")
        folder.chmod(0o755)
    data = folder / "data"

    def call(program: str, *arguments: str) -> None:
        command = [*user, str(programs / program), "-D", str(data), *arguments]
        done = subprocess.run(command, cwd=folder, capture_output=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr.decode()

    settings = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
    call("initdb", "-U", "probe", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C")
    call("pg_ctl", "-w", "-l", str(folder / "log"), "-o", settings, "start")
    yield f"postgresql://probe@/{{}}?host={folder}"
    call("pg_ctl", "-w", "-m", "immediate", "stop")
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres_place(postgres: str) -> Place:
    """A new database."""
    import psycopg

    name = f"test_{uuid4().hex}"
    with psycopg.connect(postgres.format("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")  # type: ignore[arg-type]
    return Place(url=postgres.format(name))


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A history that is not there yet, of each kind."""
    if request.param == "sqlite":
        return Place(path=tmp_path / "history.sqlite")
    chosen: Place = request.getfixturevalue("postgres_place")
    return chosen
