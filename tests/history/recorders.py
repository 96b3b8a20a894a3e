"""Processes that record into one history, some of them killed: run by the tests as a program.

    recorders.py together PLACE WRITERS RUNS     every writer records its runs, none is killed
    recorders.py killed PLACE TIMES SEED         one writer after another, each killed at random

Prints the runs of which a writer was told that they are kept, one a line.
"""

import os
import random
import select
import signal
import sys
import time
from pathlib import Path

from probecli.history.moment import SECOND, micros, text_of
from probecli.history.place import Place
from probecli.history.store import Store
from probecli.model.result import Result, Timings
from probecli.model.snapshot import Run

STARTED = "2025-12-22T06:00:00.000Z"
BEGIN_US = micros(STARTED)
MILLISECOND = SECOND // 1000


def result(name: str, *, down: bool) -> Result:
    return Result(
        name=name, kind="tcp", url=f"tcp://{name}:1", group=None, tags=(),
        state="down" if down else "up", cause="tcp.refused" if down else None, detail=None,
        flaky=False, gated=True, started_at=STARTED, duration_ms=1.0, timings_ms=Timings(total=1.0),
    )  # fmt: skip


def record(place: Place, writer: int, runs: int, out: int) -> None:
    """Records runs of ten targets whose states change all the time, and says which are kept."""
    store = Store(place, STARTED)
    for number in range(runs):
        name = f"w{writer}-{number}"
        at = text_of(BEGIN_US + number * SECOND + writer * MILLISECOND)
        run = Run(id=name, vantage="v", started_at=at, finished_at=at, version="0")
        store.record(run, [result(f"t{one}", down=(number + one) % 3 == 0) for one in range(10)])
        os.write(out, f"{name}\n".encode())


def forked(place: Place, writer: int, runs: int, out: int) -> int:
    child = os.fork()
    if child == 0:
        code = 1
        try:
            record(place, writer, runs, out)
            code = 0
        finally:
            os._exit(code)
    return child


def together(place: Place, writers: int, runs: int) -> None:
    children = [forked(place, writer, runs, 1) for writer in range(writers)]
    codes = [os.waitpid(child, 0)[1] for child in children]
    assert codes == [0] * writers, codes


def killed(place: Place, times: int, seed: int) -> None:
    rng = random.Random(seed)
    for writer in range(times):
        reading, writing = os.pipe()
        child = forked(place, writer, 100_000, writing)
        os.close(writing)
        if writer:
            # The first is killed while it makes the file, some before they record anything.
            select.select([reading], [], [], 10)
        time.sleep(rng.uniform(0, 0.03))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        told = b""
        while block := os.read(reading, 65536):
            told += block
        os.close(reading)
        sys.stdout.write(told.decode())


if __name__ == "__main__":
    what, where, first, second = sys.argv[1:]
    kept = Place(url=where) if "://" in where else Place(path=Path(where))
    (together if what == "together" else killed)(kept, int(first), int(second))
