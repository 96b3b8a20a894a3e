"""Explanations of targets as the command makes them, in this process."""

import asyncio
import json
import random
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from probecli.config import load
from probecli.engine.run import Stop
from probecli.explain.facts import Explanation
from probecli.explain.once import explain_once
from probecli.explain.view import lines_of
from probecli.output.cells import to_text
from probecli.output.terminal import Terminal
from probecli.probe.network import Network


def explained(
    target: Mapping[str, Any],
    *,
    controls: Sequence[Mapping[str, Any]] = (),
    env: Mapping[str, str] | None = None,
) -> Explanation:
    """What the command would say of `target`, given as in the target file."""
    text = json.dumps({"targets": [target], "controls": list(controls)}).encode()
    plan = load(["-"], env=dict(env or {}), stdin=lambda: text, cwd=Path.cwd())

    async def once() -> Explanation:
        network = Network(asyncio.get_running_loop(), now=time.time)
        try:
            measured, explanation = await explain_once(
                plan, network, rng=random.Random(1), stop=Stop()
            )
        finally:
            network.close()
        assert not measured.bugs, measured.bugs[0]
        return explanation

    return asyncio.run(once())


def shown(explanation: Explanation, columns: int = 80, *, color: bool = False) -> list[str]:
    """The lines of the text output."""
    terminal = Terminal(color=color)
    return [to_text(line, terminal) for line in lines_of(explanation, columns)]
