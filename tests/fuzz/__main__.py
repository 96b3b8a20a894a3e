"""`python -m fuzz --count 100000 --seed 1`, from the folder `tests`."""

import argparse
import sys

from fuzz.run import KINDS, Tally, fuzz


def _said(kind: str, tally: Tally) -> str:
    rate = tally.cases / tally.seconds if tally.seconds else 0
    lines = [
        f"{kind}: {tally.cases} cases in {tally.seconds:.1f} s ({rate:.0f}/s), "
        f"{tally.most_resident_bytes >> 20} MiB resident at most, {len(tally.failures)} failures"
    ]
    lines += [f"  {count:7} {cause}" for cause, count in tally.causes.most_common()]
    lines += [f"  FAILED {failure}" for failure in tally.failures[:50]]
    return "\n".join(lines)


def main() -> int:
    """Fuzzes as the arguments say; 1 when a case failed."""
    parser = argparse.ArgumentParser(prog="fuzz", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=100_000, help="cases of HTTP/1")
    for kind, share in zip(KINDS[1:], (0.2, 0.06, 0.12), strict=True):
        parser.add_argument(f"--{kind}", type=float, default=share, help="cases, times --count")
    parser.add_argument("--start", type=int, default=0, help="number of the first case")
    parser.add_argument("--kind", choices=KINDS, help="only this kind, --count cases of it")
    given = parser.parse_args()
    if given.kind:
        counts = {given.kind: given.count}
    else:
        shares = {kind: getattr(given, kind) for kind in KINDS[1:]}
        counts = {"http1": given.count}
        counts |= {kind: int(share * given.count) for kind, share in shares.items()}
    print(f"seed {given.seed}")  # noqa: T201
    tallies = fuzz(
        given.seed,
        counts,
        given.start,
        lambda kind, tally: print(_said(kind, tally), flush=True),  # noqa: T201
    )
    return int(any(tally.failures for tally in tallies.values()))


if __name__ == "__main__":
    sys.exit(main())
