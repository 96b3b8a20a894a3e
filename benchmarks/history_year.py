"""A synthetic year of 1-minute runs: the size of its history, and how long it takes to answer.

    python benchmarks/history_year.py FILE [TARGETS]

Every target fails about once a week, for a while of minutes to hours; once a month the prober
itself is off for three hours.
"""

import random
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from msgspec.structs import asdict
from sqlalchemy import create_engine

from probecli.history import samples, tables
from probecli.history.memory import dated, known, recalled
from probecli.history.moment import DAY, MINUTE, SECOND, text_of
from probecli.history.place import Place
from probecli.history.review import Asked, reviews
from probecli.history.store import Store, packed_members
from probecli.history.stretches import Seen, Stretch, appended
from probecli.model.result import Result, Timings
from probecli.model.snapshot import Run

T = TypeVar("T")
END = int(datetime(2025, 12, 22, 6, 10, tzinfo=UTC).timestamp()) * SECOND
BEGIN = END - 365 * DAY


def main() -> None:
    """Build the year, then ask."""
    path = Path(sys.argv[1])
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 50
    if not path.exists():
        build(path, count)
    size = path.stat().st_size
    sys.stdout.write(
        f"{size / 1e6:.0f} MB, {size / (365 * 1440 * count):.1f} bytes an observation\n"
    )
    store = told("open", lambda: Store(Place(path=path), text_of(END)))
    now = text_of(END + MINUTE)
    run = Run(id="now", vantage="paris-1", started_at=now, finished_at=now, version="0")
    results = [result(number, now, down=number % 10 == 0) for number in range(count)]
    memory = told("what is since when", lambda: recalled(store, run))
    told("since of every result", lambda: [dated(memory, one) for one in results])
    told("what incidents need", lambda: known(memory, store, results, {}))
    for days in (1, 7, 30, 365):
        asked = Asked(since_us=END - days * DAY, until_us=END)
        told(
            f"history of all, {days} d",
            lambda asked=asked: store.read(lambda connection: reviews(connection, asked)),
        )
    asked = Asked(since_us=END - 30 * DAY, until_us=END, names=("target-7",))
    told("history of one, 30 d", lambda: store.read(lambda connection: reviews(connection, asked)))
    told("record a run", lambda: store.record(run, results))


def told(what: str, act: Callable[[], T]) -> T:
    begun = time.perf_counter()
    answer = act()
    sys.stdout.write(f"{what:28} {(time.perf_counter() - begun) * 1000:8.1f} ms\n")
    return answer


def result(number: int, at: str, *, down: bool) -> Result:
    return Result(
        name=f"target-{number}",
        kind="http",
        url=f"https://target-{number}.example/",
        group=f"group-{number % 5}",
        tags=(),
        state="down" if down else "up",
        cause="http.error" if down else None,
        detail="503 Service Unavailable, expected 200-399" if down else None,
        flaky=False,
        gated=True,
        started_at=at,
        duration_ms=80.0,
        timings_ms=Timings(total=80.0, wait=60.0),
    )


def outages(rng: random.Random) -> Iterator[tuple[int, int]]:
    at = BEGIN
    while (at := at + int(rng.expovariate(1 / 7) * DAY)) < END:
        length = int(rng.choice((3, 10, 40, 300)) * rng.uniform(0.5, 2)) * MINUTE
        yield at, at + length
        at += length


def build(path: Path, count: int) -> None:
    rng = random.Random(22)
    Store(Place(path=path), text_of(BEGIN))
    times = [at for at in range(BEGIN, END, MINUTE) if (at - BEGIN) % (30 * DAY) > 180 * MINUTE]
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        connection.execute(tables.vantages.insert().values(id=1, name="paris-1"))
        members = packed_members(range(1, count + 1))
        connection.execute(
            tables.scopes.insert().values(id=1, vantage=1, digest="-", members=members)
        )
        for number in range(count):
            bad = list(outages(rng))
            newest: Stretch | None = None
            kept: dict[int, Stretch] = {}
            turn = 0
            for at in times:
                while turn < len(bad) and bad[turn][1] < at:
                    turn += 1
                down = turn < len(bad) and bad[turn][0] <= at
                seen = Seen(
                    at_us=at + number % 3,
                    state="down" if down else "up",
                    cause="http.error" if down else None,
                    status=503 if down else 200,
                    detail="503 Service Unavailable, expected 200-399" if down else None,
                    ip="203.0.113.7",
                )
                newest = appended(newest, seen)
                kept[newest.first_us] = newest
            one = result(number, "", down=False)
            row = {"name": one.name, "grp": one.group, "url": one.url}
            connection.execute(
                tables.series.insert().values(
                    id=number + 1, vantage=1, newest_us=newest and newest.first_us, **row
                )
            )
            connection.execute(
                tables.stretches.insert(),
                [{"series": number + 1, **asdict(stretch)} for stretch in kept.values()],
            )
        pool = [
            samples.encoded(rng.lognormvariate(4.4, 0.4) for _ in range(count)) for _ in range(500)
        ]
        for start in range(0, len(times), 20_000):
            rows = [
                {
                    "vantage": 1,
                    "at_us": at,
                    "scope": 1,
                    "run": f"{at}-0123456789abcdef"[:28],
                    "finished_us": at + SECOND,
                    "complete": True,
                    "total": rng.choice(pool),
                    "wait": rng.choice(pool),
                }
                for at in times[start : start + 20_000]
            ]
            connection.execute(tables.runs.insert(), rows)


if __name__ == "__main__":
    main()
