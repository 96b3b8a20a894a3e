"""Plays a run on its own terminal as told, a line at a time, on standard input.

`begin N`, `add N` (the next N results), `end`, `break` (leave without an end). The first argument
names the run: `outage` or `many`; the others are `--output` specs.
"""

import os
import sys

from output.samples import NOW, OUTAGE, RUN, many, snapshot
from probecli.output.sinks import open_sinks

RUNS = {"outage": OUTAGE, "many": tuple(many(5_000, failing=500))[::-1]}


def main() -> None:
    results = RUNS[sys.argv[1]]
    left = iter(results)
    with open_sinks(
        sys.argv[2:], stdout=sys.stdout, stderr=sys.stderr, env=os.environ, run=RUN, now=NOW
    ) as sinks:
        for command in sys.stdin:
            word, _, number = command.strip().partition(" ")
            if word == "begin":
                sinks.begin(RUN, int(number))
            elif word == "add":
                for _ in range(int(number)):
                    sinks.add(next(left))
            elif word == "end":
                sinks.end(snapshot(results))
            else:
                return


if __name__ == "__main__":
    main()
