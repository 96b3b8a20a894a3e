"""The history of runs: recorded run by run, in any order, by any number of processes."""

import hashlib
import sys
from array import array
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from msgspec import Struct
from msgspec.structs import asdict
from sqlalchemy import Connection, Delete, Select, bindparam, delete, func, select, update
from sqlalchemy.exc import SQLAlchemyError

from probecli.history import database, samples
from probecli.history.moment import micros, run_micros
from probecli.history.place import Place
from probecli.history.stretches import (
    Seen,
    Stretch,
    appended,
    inserted,
    is_observation,
    seen_in,
)
from probecli.history.tables import runs, scopes, series, stretches, vantages
from probecli.model.result import Result
from probecli.model.snapshot import Run

Answer = TypeVar("Answer")
FIELDS = Stretch.__struct_fields__
STRETCH = tuple(stretches.c[name] for name in FIELDS)
_CHUNK = 500


class Series(Struct, frozen=True, gc=False):
    """One target as one vantage sees it; `newest` is the last stretch of its history."""

    id: int
    name: str
    group: str | None
    url: str
    newest: Stretch | None


class Pruned(Struct, frozen=True):
    """How much was taken out."""

    runs: int
    stretches: int
    targets: int


class Store:
    """An open history. Every method raises HistoryError when the database does not do its part."""

    def __init__(self, place: Place, now_text: str, *, create: bool = True) -> None:
        self._place = place
        self._engine = database.opened(place, now_text, create=create)

    def read(self, ask: Callable[[Connection], Answer]) -> Answer:
        """The answer of `ask`, from one consistent view."""
        try:
            with self._engine.connect() as connection:
                return ask(connection)
        except SQLAlchemyError as error:
            raise database.fault_of(error, self._place) from error

    def _write(self, do: Callable[[Connection], Answer]) -> Answer:
        try:
            with database.writing(self._engine) as connection:
                return do(connection)
        except SQLAlchemyError as error:
            raise database.fault_of(error, self._place) from error

    def last(self, vantage: str) -> dict[str, Series]:
        """Every target that a vantage has in its history, by name, with its newest stretch."""
        return self.read(lambda connection: _last(connection, _vantage(connection, vantage)))

    def recent(self, ids: Iterable[int], from_us: int) -> dict[int, list[Stretch]]:
        """The stretches of these series that reach beyond `from_us`, in order of time."""
        wanted = sorted(ids)
        return self.read(lambda connection: stretches_of(connection, wanted, from_us))

    def record(self, run: Run, results: Sequence[Result]) -> bool:
        """Keep what a run observed; False when this run is already there."""
        return self._write(lambda connection: _record(connection, run, results))

    def prune(self, before_us: int) -> Pruned:
        """Drop what is older: runs before, and stretches that ended before.

        A stretch that reaches beyond stays whole: what is down since last year still says so.
        """
        pruned = self._write(lambda connection: _prune(connection, before_us))
        if self._place.path is not None:
            self.read(_give_back)
        return pruned


def _give_back(connection: Connection) -> None:
    raw: Any = connection.connection.dbapi_connection
    raw.execute("PRAGMA incremental_vacuum").fetchall()
    raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def members_of(data: bytes) -> "array[int]":
    """The ids of series that a scope's bytes hold."""
    ids = array("I")
    ids.frombytes(data)
    if sys.byteorder == "big":
        ids.byteswap()
    return ids


def packed_members(ids: Sequence[int]) -> bytes:
    """The bytes of a scope, from the ids of its series."""
    data = array("I", ids)
    if sys.byteorder == "big":
        data.byteswap()
    return data.tobytes()


def stretch_of(row: Sequence[Any]) -> Stretch:
    """A stretch from the columns `STRETCH`."""
    return Stretch(**dict(zip(FIELDS, row, strict=True)))


def stretches_of(
    connection: Connection, ids: Sequence[int], from_us: int | None = None
) -> dict[int, list[Stretch]]:
    """The stretches of series, in order of time; with `from_us` those that reach beyond it."""
    found: dict[int, list[Stretch]] = {one: [] for one in ids}
    asked = (
        select(stretches.c.series, *STRETCH)
        .where(stretches.c.series.in_(bindparam("ids", expanding=True)))
        .order_by(stretches.c.series, stretches.c.first_us)
    )
    if from_us is not None:
        asked = asked.where(stretches.c.last_us >= from_us)
    for start in range(0, len(ids), _CHUNK):
        for row in connection.execute(asked, {"ids": ids[start : start + _CHUNK]}).all():
            found[row[0]].append(stretch_of(row[1:]))
    return found


def _vantage(connection: Connection, name: str) -> int | None:
    return connection.execute(select(vantages.c.id).where(vantages.c.name == name)).scalar()


def _last(connection: Connection, vantage: int | None) -> dict[str, Series]:
    newest = (stretches.c.series == series.c.id) & (stretches.c.first_us == series.c.newest_us)
    asked: Select[Any] = (
        select(series.c.id, series.c.name, series.c.grp, series.c.url, *STRETCH)
        .select_from(series.outerjoin(stretches, newest))
        .where(series.c.vantage == vantage)
    )
    return {
        row[1]: Series(
            row[0], row[1], row[2], row[3], stretch_of(row[4:]) if row[4] is not None else None
        )
        for row in connection.execute(asked).all()
    }


def _record(connection: Connection, run: Run, results: Sequence[Result]) -> bool:
    at_us = run_micros(run.started_at, run.id)
    observed = [result for result in results if is_observation(result)]
    vantage = _vantage(connection, run.vantage)
    if vantage is None:
        vantage = _inserted_id(connection, vantages.insert().values(name=run.vantage))
    same = select(runs.c.id).where(runs.c.vantage == vantage, runs.c.at_us == at_us)
    if connection.execute(same).first():
        return False
    if not observed:
        return True
    known = _known(connection, vantage, observed, at_us)
    ordered = sorted(observed, key=lambda result: known[result.name].id)
    scope = _scope(connection, vantage, run.config_sha256, [known[one.name].id for one in ordered])
    answered = [result.state in ("up", "degraded") for result in ordered]
    total = [
        one.timings_ms.total if ok else None for one, ok in zip(ordered, answered, strict=True)
    ]
    wait = [one.timings_ms.wait if ok else None for one, ok in zip(ordered, answered, strict=True)]
    connection.execute(
        runs.insert().values(
            vantage=vantage,
            at_us=at_us,
            scope=scope,
            run=run.id,
            finished_us=micros(run.finished_at) if run.finished_at else None,
            complete=run.complete,
            total=samples.encoded(total),
            wait=samples.encoded(wait),
        )
    )
    _observe(connection, vantage, [(known[one.name], seen_in(one, at_us)) for one in observed])
    return True


def _inserted_id(connection: Connection, insert: Any) -> int:
    key = connection.execute(insert).inserted_primary_key
    assert key is not None
    return int(key[0])


def _known(
    connection: Connection, vantage: int, observed: Sequence[Result], at_us: int
) -> dict[str, Series]:
    """The series of every observed target, with those that are new, in their newest group."""
    known = _last(connection, vantage)
    fresh = {one.name: one for one in observed if one.name not in known}
    if fresh:
        rows = [
            {"vantage": vantage, "name": one.name, "grp": one.group, "url": one.url}
            for one in fresh.values()
        ]
        connection.execute(series.insert(), rows)
        known = _last(connection, vantage)
    moved = [
        {"one": there.id, "to_group": result.group, "to_url": result.url}
        for result in observed
        if (there := known[result.name]).newest is not None
        and there.newest.last_us < at_us
        and (there.group, there.url) != (result.group, result.url)
    ]
    if moved:
        connection.execute(
            update(series)
            .where(series.c.id == bindparam("one"))
            .values(grp=bindparam("to_group"), url=bindparam("to_url")),
            moved,
        )
    return known


def _scope(connection: Connection, vantage: int, config: str | None, ids: Sequence[int]) -> int:
    members = packed_members(ids)
    digest = hashlib.sha256(members + (config or "").encode()).hexdigest()
    asked = select(scopes.c.id).where(scopes.c.vantage == vantage, scopes.c.digest == digest)
    there = connection.execute(asked).scalar()
    if there is not None:
        return int(there)
    row = {"vantage": vantage, "digest": digest, "config": config, "members": members}
    return _inserted_id(connection, scopes.insert().values(row))


def _observe(connection: Connection, vantage: int, observed: Sequence[tuple[Series, Seen]]) -> None:
    grown: list[dict[str, int]] = []
    begun: list[dict[str, Any]] = []
    for one, seen in observed:
        if one.newest is not None and one.newest.last_us >= seen.at_us:
            _insert_late(connection, vantage, one, seen)
            continue
        newest = appended(one.newest, seen)
        if one.newest is not None and newest.first_us == one.newest.first_us:
            grown.append({"one": one.id, "first": newest.first_us, "last": newest.last_us})
        else:
            begun.append({"series": one.id, **asdict(newest)})
    if grown:
        connection.execute(
            update(stretches)
            .where(
                stretches.c.series == bindparam("one"), stretches.c.first_us == bindparam("first")
            )
            .values(last_us=bindparam("last")),
            grown,
        )
    if begun:
        connection.execute(stretches.insert(), begun)
        _point(connection, [(row["series"], row["first_us"]) for row in begun])


def _point(connection: Connection, newest: Sequence[tuple[int, int]]) -> None:
    connection.execute(
        update(series).where(series.c.id == bindparam("one")).values(newest_us=bindparam("newest")),
        [{"one": one, "newest": first} for one, first in newest],
    )


def _insert_late(connection: Connection, vantage: int, one: Series, seen: Seen) -> None:
    """An observation that is not the newest: a run imported, or a clock that was put back."""
    before = stretches_of(connection, [one.id])[one.id]

    def neighbour(bound: Any, edge: Any) -> int | None:
        asked = select(edge(runs.c.at_us)).where(
            runs.c.vantage == vantage, bound, runs.c.scope.in_(_scopes_with(connection, one.id))
        )
        return connection.execute(asked).scalar()

    told = inserted(
        before,
        seen,
        before=lambda at: neighbour(runs.c.at_us < at, func.max),
        after=lambda at: neighbour(runs.c.at_us > at, func.min),
    )
    old = {stretch.first_us: stretch for stretch in before}
    new = {stretch.first_us: stretch for stretch in told}
    changed = [first for first in old if old[first] != new.get(first)]
    if changed:
        where = (stretches.c.series == one.id, stretches.c.first_us == bindparam("first"))
        connection.execute(delete(stretches).where(*where), [{"first": one} for one in changed])
    rows = [
        {"series": one.id, **asdict(stretch)}
        for first, stretch in new.items()
        if old.get(first) != stretch
    ]
    if rows:
        connection.execute(stretches.insert(), rows)
    _point(connection, [(one.id, told[-1].first_us)])


def _scopes_with(connection: Connection, series_id: int) -> list[int]:
    rows = connection.execute(select(scopes.c.id, scopes.c.members)).all()
    return [number for number, members in rows if series_id in members_of(members)]


def _prune(connection: Connection, before_us: int) -> Pruned:
    def gone(statement: Delete) -> int:
        return connection.execute(statement).rowcount

    pruned = Pruned(
        runs=gone(delete(runs).where(runs.c.at_us < before_us)),
        stretches=gone(delete(stretches).where(stretches.c.last_us < before_us)),
        targets=gone(delete(series).where(series.c.id.not_in(select(stretches.c.series)))),
    )
    gone(delete(scopes).where(scopes.c.id.not_in(select(runs.c.scope))))
    return pruned
