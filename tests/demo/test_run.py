"""The ordinary loader and engine find in the main scene what the script says of it."""

import asyncio
from pathlib import Path

from engine.probing import probing
from probecli.config import load
from probecli.demo.behaviour import Outcome
from probecli.demo.script import GROUPS, MAIN, expected
from probecli.demo.services import services
from probecli.demo.targets import write_target_file
from probecli.engine.run import Measured
from probecli.model.plan import Plan


def unused() -> bytes:
    raise AssertionError("nothing is read from standard input")


async def played(directory: Path) -> tuple[Plan, Measured]:
    async with services(MAIN) as stage:
        path = write_target_file(directory, stage)
        plan = load([str(path)], env={}, stdin=unused, cwd=directory)
        measured = await probing(plan, seed=22)
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
