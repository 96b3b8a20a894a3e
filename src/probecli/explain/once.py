"""One target probed by the ordinary engine, with its controls, and explained."""

import random
from collections.abc import Callable
from importlib import import_module

from probecli.engine.run import Limits, Measured, Stop, run
from probecli.explain.assemble import explained
from probecli.explain.facts import Explanation
from probecli.explain.recorder import Recorder
from probecli.model.plan import Plan
from probecli.probe.network import Network


async def explain_once(
    plan: Plan,
    network: Network,
    *,
    rng: random.Random,
    stop: Stop,
    on_attempt: Callable[[int], None] = lambda _: None,
) -> tuple[Measured, Explanation]:
    """What the engine measured of the one target of `plan`, and all that it means.

    `on_attempt` is told the number of each attempt as it begins.
    """
    (target,) = plan.targets
    if target.kind == "http" and target.follow_redirects:
        # Imported before anything is timed: later it would look like time between two hops.
        import_module("probecli.probe.redirects")
    recorder = Recorder(target, on_attempt)
    measured = await run(
        plan,
        Limits(),
        network,
        rng=rng,
        stop=stop,
        on_result=lambda _: None,
        begin_of=recorder.begin_of,
    )
    explanation = await explained(
        target,
        measured.results[0],
        recorder.attempts,
        controls=measured.controls,
        notice=measured.notice,
        network=network,
    )
    return measured, explanation
