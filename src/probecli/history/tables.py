"""The tables of a history, and how one version becomes the next.

A run is one row, with the latencies of its targets packed; what it observed is its scope, the
same for run after run. States are stretches: rows only where something changed.
"""

from collections.abc import Callable

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData()

versions = Table(
    "probecli_schema",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("applied_at", Text, nullable=False),
)
vantages = Table(
    "vantages",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
)
series = Table(
    "series",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("vantage", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("grp", Text),
    Column("url", Text, nullable=False),
    Column("newest_us", BigInteger),
    UniqueConstraint("vantage", "name"),
)
scopes = Table(
    "scopes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("vantage", Integer, nullable=False),
    Column("digest", Text, nullable=False),
    Column("config", Text),
    # The ids of its series as 32-bit numbers, little-endian, in ascending order.
    Column("members", LargeBinary, nullable=False),
    UniqueConstraint("vantage", "digest"),
)
runs = Table(
    "runs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("vantage", Integer, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("scope", Integer, nullable=False),
    Column("run", Text, nullable=False),
    Column("finished_us", BigInteger),
    Column("complete", Boolean, nullable=False),
    # Latencies in the order of the scope's members, see `samples`.
    Column("total", LargeBinary, nullable=False),
    Column("wait", LargeBinary, nullable=False),
    # The scope stands in it so that gaps are told from the index alone.
    Index("runs_by_time", "vantage", "at_us", "scope"),
)
stretches = Table(
    "stretches",
    metadata,
    Column("series", Integer, primary_key=True, autoincrement=False),
    Column("first_us", BigInteger, primary_key=True, autoincrement=False),
    Column("last_us", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("cause", Text),
    Column("status", Integer),
    Column("detail", Text),
    Column("ip", Text),
    Column("not_after", Text),
    Column("since_us", BigInteger, nullable=False),
    Column("known", Text),
    Column("known_since_us", BigInteger),
    Column("prior_up_us", BigInteger),
    Column("prior_ok_us", BigInteger),
    sqlite_with_rowid=False,
)


def _first(connection: Connection) -> None:
    metadata.create_all(connection, checkfirst=False)


MIGRATIONS: tuple[Callable[[Connection], None], ...] = (_first,)
"""What leads from version N to N + 1, in order. A later one is appended and says SQL of its own:
this module's tables are always the newest."""

VERSION = len(MIGRATIONS)
