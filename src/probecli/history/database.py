"""Opening a history's database, SQLite or PostgreSQL, and saying what is wrong with it."""

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Connection,
    Engine,
    NullPool,
    create_engine,
    event,
    exc,
    inspect,
    make_url,
    select,
    text,
)

from probecli.history import tables
from probecli.history.fault import HistoryError
from probecli.history.place import Place

# "prbc": the header of a SQLite file says whose it is, so that nobody else's is ever written to.
APPLICATION_ID = 0x70726263
_BUSY_MS = 30_000
_CONNECT_S = 5
_WRITING = "probecli_writing"
# Any number: what holds writers of one schema apart in PostgreSQL.
_LOCK = 0x70726263

_SQLITE_FAULTS: dict[int, str] = {
    sqlite3.SQLITE_CORRUPT: "is damaged ({0}); it was left alone. Move it away to begin a new one; "
    "`sqlite3 FILE .recover` may save what it holds",
    sqlite3.SQLITE_NOTADB: "is no history: not a SQLite file, or its head is damaged; it was left "
    "alone. Give another --history PATH, or move it away",
    sqlite3.SQLITE_READONLY: "cannot be written: the file or its folder is read-only",
    sqlite3.SQLITE_FULL: "cannot be written: no space left; `probecli history prune --keep 30d` "
    "makes some",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened: {0}; the folder must exist and be writable",
    sqlite3.SQLITE_BUSY: "is locked by another process for more than 30 seconds",
    sqlite3.SQLITE_IOERR: "cannot be read or written: {0}",
}


def fault_of(error: exc.SQLAlchemyError, place: Place) -> HistoryError:
    """What to tell of an error that the database raised."""
    origin = getattr(error, "orig", None) or error
    words = str(origin).strip().partition("\n")[0] or type(origin).__name__
    code = getattr(origin, "sqlite_errorcode", None)
    if code is not None and (row := _SQLITE_FAULTS.get(code & 0xFF)):
        return HistoryError(f"{place.name}: {row.format(words)}")
    if isinstance(origin, sqlite3.DatabaseError) or place.url is None:
        return HistoryError(f"{place.name}: is damaged ({words}); it was left alone")
    return HistoryError(f"{place.name}: {words}")


def opened(place: Place, now_text: str, *, create: bool) -> Engine:
    """An engine for a history of this version, which is made or migrated first.

    Without `create` nothing is made, and a file that cannot be written is read as it stands.

    Raises:
        HistoryError: there is none, it is damaged, another's, or of a later version.
    """
    if place.path is None:
        return _checked(_postgres(place), place, now_text)
    try:
        if not place.path.exists():
            if not create:
                raise HistoryError(
                    f"{place.name}: there is no history yet; record one with: "
                    "probecli check --history PATH"
                )
            _made(place.path, place, now_text)
    except OSError as error:
        raise HistoryError(f"{place.name}: the history cannot be made: {error.strerror}") from error
    engine = _sqlite(place.path)
    if not create and not os.access(place.path.parent, os.W_OK):
        engine = _sqlite(place.path, read_only=True)
    return _checked(engine, place, now_text)


def _postgres(place: Place) -> Engine:
    assert place.url is not None
    try:
        import psycopg  # noqa: F401
    except ImportError:
        raise HistoryError(
            f"{place.name}: PostgreSQL needs a driver: pip install 'probecli[postgres]'"
        ) from None
    try:
        url = make_url(place.url).set(drivername="postgresql+psycopg")
    except (exc.ArgumentError, ValueError):
        raise HistoryError(f"{place.name}: is no URL of a database") from None
    arguments = {"application_name": "probecli"}
    if "connect_timeout" not in url.query:
        arguments["connect_timeout"] = str(_CONNECT_S)
    return create_engine(url, poolclass=NullPool, connect_args=arguments)


def _sqlite(path: Path, *, read_only: bool = False) -> Engine:
    address = f"{path.absolute().as_uri()}?mode={'ro' if read_only else 'rw'}"
    if read_only and not Path(f"{path}-wal").exists():
        # Without write permission SQLite cannot make the shared memory that WAL needs; where no
        # journal is left, the file alone is the whole.
        address += "&immutable=1"

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(
            address, uri=True, timeout=_BUSY_MS / 1000, isolation_level=None, cached_statements=64
        )

    engine = create_engine("sqlite+pysqlite://", creator=connect, poolclass=NullPool)

    @event.listens_for(engine, "connect")
    def _settings(connection: Any, _record: Any) -> None:
        if not read_only:
            # In WAL a killed process loses nothing committed; a power cut at most the last runs.
            connection.execute("PRAGMA synchronous=NORMAL")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A transaction that turns into a writing one late fails instead of waiting its turn.
        immediate = connection.get_execution_options().get(_WRITING)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")

    return engine


def _made(path: Path, place: Place, now_text: str) -> None:
    """A new file, made beside its place and linked to it: whole, or not there, and made once."""
    if place.is_own:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    spare = path.with_name(f".{path.name}.{os.getpid()}")
    spare.unlink(missing_ok=True)
    os.close(os.open(spare, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o644))
    try:
        engine = _sqlite(spare)
        with _told(place), engine.connect() as connection:
            raw: Any = connection.connection.dbapi_connection
            raw.execute("PRAGMA auto_vacuum=INCREMENTAL")
            raw.execute("PRAGMA journal_mode=WAL")
        with _told(place), writing(engine) as connection:
            _migrate(connection, 0, now_text)
        try:
            os.link(spare, path)
        except FileExistsError:
            pass
        except OSError:
            if not path.exists():
                spare.rename(path)
    finally:
        for name in (spare, Path(f"{spare}-wal"), Path(f"{spare}-shm")):
            name.unlink(missing_ok=True)


@contextlib.contextmanager
def _told(place: Place) -> Iterator[None]:
    try:
        yield
    except exc.SQLAlchemyError as error:
        raise fault_of(error, place) from error
    except sqlite3.Error as error:
        raise fault_of(exc.DBAPIError(None, None, error), place) from error


def _checked(engine: Engine, place: Place, now_text: str) -> Engine:
    with _told(place):
        with engine.connect() as connection:
            version = _version(connection, place)
        if version > tables.VERSION:
            raise HistoryError(
                f"{place.name}: is of version {version}, and this probecli knows {tables.VERSION}: "
                "a newer probecli wrote it. It was left alone; update this probecli"
            )
        if version < tables.VERSION:
            with writing(engine) as connection:
                _migrate(connection, _version(connection, place), now_text)
    return engine


def _version(connection: Connection, place: Place) -> int:
    names = set(inspect(connection).get_table_names())
    if connection.dialect.name == "sqlite":
        owner = connection.exec_driver_sql("PRAGMA application_id").scalar()
        if names and owner != APPLICATION_ID:
            raise HistoryError(
                f"{place.name}: is a SQLite file of something else; it was left alone. "
                "Give another --history PATH"
            )
    if tables.versions.name not in names:
        taken = names & set(tables.metadata.tables)
        if taken:
            raise HistoryError(
                f"{place.name}: has tables of other programs named {', '.join(sorted(taken))}; "
                "give probecli a database or a schema of its own"
            )
        return 0
    return int(
        connection.execute(
            select(tables.versions.c.version).order_by(tables.versions.c.version.desc()).limit(1)
        ).scalar()
        or 0
    )


def _migrate(connection: Connection, version: int, now_text: str) -> None:
    for number, step in enumerate(tables.MIGRATIONS[version:], version + 1):
        step(connection)
        connection.execute(tables.versions.insert().values(version=number, applied_at=now_text))
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"PRAGMA application_id={APPLICATION_ID}")


@contextlib.contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that writes, alone among writers; all of it is kept or nothing."""
    with engine.connect().execution_options(**{_WRITING: True}) as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        yield connection
