"""The ordinary loader and engine find in the main scene what the script says of it."""

import asyncio
import random
import time
from pathlib import Path

from probecli.config import load
from probecli.demo.behaviour import Outcome
from probecli.demo.script import GROUPS, MAIN, expected
from probecli.demo.services import services
from probecli.demo.targets import write_target_file
from probecli.engine.run import Limits, Measured, Stop, run
from probecli.model.plan import Plan
from probecli.probe.network import Network


def unused() -> bytes:
    raise AssertionError("nothing is read from standard input")


async def played(directory: Path) -> tuple[Plan, Measured]:
    async with services(MAIN) as stage:
        path = write_target_file(directory, stage)
        plan = load([str(path)], env={}, stdin=unused, cwd=directory)
        network = Network(asyncio.get_running_loop(), now=time.time)
        try:
            measured = await run(
                plan,
                Limits(),
                network,
                rng=random.Random(22),
                stop=Stop(),
                on_result=lambda _: None,
            )
        finally:
            await network.close()
    return plan, measured


def test_the_main_scene_is_found_as_the_script_tells_it(tmp_path: Path) -> None:
    plan, measured = asyncio.run(played(tmp_path))
    wanted = expected(MAIN)
    assert plan.groups == GROUPS
    assert [control.state for control in measured.controls] == ["up"]
    assert measured.bugs == ()
    found = {
        result.name: Outcome(result.state, result.cause, result.flaky)
        for result in measured.results
    }
    assert found.keys() == wanted.keys()
    # A machine under load may be late where all is well; nothing else may differ.
    late = {
        name
        for name, outcome in found.items()
        if outcome.cause == "expect.latency" and wanted[name].state == "up"
    }
    assert {name: found[name] for name in found.keys() - late} == {
        name: wanted[name] for name in wanted.keys() - late
    }
