"""Plans measured by the real engine over the real network."""

import asyncio
import json
import random
import time
from pathlib import Path
from typing import Any

from probecli.config.load import load
from probecli.engine.run import Limits, Measured, Stop, run
from probecli.model.plan import Plan
from probecli.probe.network import Network


def planned(*targets: dict[str, Any]) -> Plan:
    """The plan of a target file that holds these targets."""
    text = json.dumps({"targets": targets}).encode()
    return load(["-"], env={}, stdin=lambda: text, cwd=Path.cwd())


async def probing(
    plan: Plan, network: Network | None = None, *, limits: Limits | None = None, seed: int = 1
) -> Measured:
    """What the engine measures; the network is closed afterwards."""
    network = network or Network(asyncio.get_running_loop(), now=time.time)
    try:
        return await run(
            plan,
            limits or Limits(),
            network,
            rng=random.Random(seed),
            stop=Stop(),
            on_result=lambda _: None,
        )
    finally:
        network.close()


def probed(plan: Plan) -> Measured:
    """The same on an event loop of its own."""
    return asyncio.run(probing(plan))
