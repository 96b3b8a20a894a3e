"""File descriptors: never more in flight than the system grants."""

import subprocess
import sys

import pytest

from faults.http import FINE
from faults.server import in_turn, listening, read_head, send
from probecli.engine.descriptors import bounded_in_flight


@pytest.mark.parametrize(
    ("wanted", "limit", "expected"),
    [(512, 1 << 20, 512), (512, 1024, 480), (512, 100, 18), (512, 10, 1), (1, 1 << 20, 1)],
)
def test_as_many_fit_as_descriptors_are_left(wanted: int, limit: int, expected: int) -> None:
    assert bounded_in_flight(wanted, limit) == expected


def test_a_tiny_limit_of_descriptors_slows_a_run_down_and_fails_nothing() -> None:
    pytest.importorskip("resource")
    program = """
import asyncio, random, resource, sys, time
resource.setrlimit(resource.RLIMIT_NOFILE, (90, 90))
from probecli.engine.descriptors import bounded_in_flight, raised_limit
from probecli.engine.run import Limits, Stop, run
from probecli.model.plan import Plan
from probecli.model.target import Retry, Target
from probecli.probe.network import Network
targets = tuple(
    Target(name=str(n), url=f"http://localhost:{sys.argv[1]}/", retry=Retry(attempts=1))
    for n in range(300)
)
async def main():
    network = Network(asyncio.get_running_loop(), now=time.time)
    limits = Limits(in_flight=bounded_in_flight(512, raised_limit()), per_host=1000)
    done = await run(Plan(targets=targets), limits, network, rng=random.Random(1), stop=Stop(),
                     on_result=lambda _: None)
    network.close()
    print(limits.in_flight, {(one.state, one.cause) for one in done.results}, done.bugs)
asyncio.run(main())
"""
    with listening(in_turn(read_head, send(FINE))) as port:
        done = subprocess.run(
            [sys.executable, "-c", program, str(port)],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
    assert done.stdout.strip() == "13 {('up', None)} ()"
    assert done.stderr == ""
