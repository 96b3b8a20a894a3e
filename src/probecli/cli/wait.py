"""`probecli wait`: until the gate passes, and then a command."""

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from probecli import config
from probecli.cli import options
from probecli.cli.failure import fail, say
from probecli.cli.plan import duration_s, gate_rule, loaded, selected, whole_number

if TYPE_CHECKING:
    from probecli.engine.rounds import Waited
    from probecli.engine.run import Limits
    from probecli.model.plan import Plan
    from probecli.model.result import Result


def wait(
    context: typer.Context,
    sources: options.Sources = None,
    longest: Annotated[
        str,
        typer.Option(
            "--for",
            metavar="DURATION",
            help="How long to wait at most; then the exit code is 124.",
            envvar="PROBECLI_FOR",
        ),
    ] = "5m",
    every: Annotated[
        str,
        typer.Option(
            "--every",
            metavar="DURATION",
            help="The longest pause between rounds; they grow from half a second.",
            envvar="PROBECLI_EVERY",
        ),
    ] = "10s",
    group: options.Groups = None,
    tag: options.Tags = None,
    name: options.Names = None,
    concurrency: options.Concurrency = None,
    per_host: options.PerHost = None,
    timeout: options.Timeout = None,
    retries: options.Retries = "0",
    fail_on: options.FailOnOption = "unknown",
    max_failures: options.MaxFailures = None,
    quiet: options.Quiet = False,
) -> None:
    """Probe in rounds until the gate passes, then exit 0, or run what stands behind `--`.

    Every change is said once, on standard error. With `-- COMMAND` the command takes this
    process's place once the gate has passed, and its exit code is the exit code.

    Example: probecli wait http://localhost:8080/ready --for 2m -- ./run-tests
    """
    import asyncio

    from msgspec.structs import replace

    from probecli.engine.limits import granted

    for_s = duration_s("--for", longest)
    pause_s = duration_s("--every", every)
    assert for_s is not None
    assert pause_s is not None
    in_flight = whole_number("--concurrency", concurrency, least=1, most=100_000)
    for_one_host = whole_number("--per-host", per_host, least=1, most=100_000)
    retried = whole_number("--retries", retries, least=0, most=99)
    plan = loaded(sources)
    plan = replace(plan, gate=gate_rule(plan.gate, fail_on, max_failures))
    plan = config.override(
        selected(plan, group, tag, name),
        timeout_s=duration_s("--timeout", timeout),
        retries=retried,
    )
    limits = granted(in_flight, for_one_host)
    waited = asyncio.run(_waited(plan, limits, for_s, pause_s, quiet=quiet))
    if waited.last.bugs:
        from probecli.cli.failure import bug_report

        fail(bug_report(waited.last.bugs), 70)
    if not waited.passed:
        if not quiet:
            say(f"probecli: not ready {_words(waited)}")
        raise typer.Exit(waited.last.stopped or 1)
    if not quiet:
        say(f"probecli: ready {_words(waited)}")
    if context.obj:
        _become(context.obj)


def _words(waited: "Waited") -> str:
    rounds = "1 round" if waited.rounds == 1 else f"{waited.rounds} rounds"
    return f"after {rounds}"


async def _waited(
    plan: "Plan", limits: "Limits", for_s: float, pause_s: float, *, quiet: bool
) -> "Waited":
    import asyncio
    import random
    import time

    from probecli.cli.session import portable
    from probecli.cli.signals import listening
    from probecli.engine.rounds import until_passed
    from probecli.engine.run import Stop
    from probecli.probe.network import Network

    loop = asyncio.get_running_loop()
    stop = Stop()
    restore = listening(stop)
    try:
        return await until_passed(
            plan,
            limits,
            for_s=for_s,
            longest_pause_s=pause_s,
            network=lambda: Network(loop, now=time.time, portable=portable()),
            rng=random.Random(),
            stop=stop,
            on_change=(lambda _: None) if quiet else _tell,
        )
    finally:
        restore()


def _tell(result: "Result") -> None:
    """One change, as one harmless line."""
    from probecli.output.words import why
    from probecli.text import harmless

    word = result.state if result.state == "up" else result.state.upper()
    reason = why(result)
    cause = f": {result.cause}: {reason}" if result.cause else ""
    say(harmless(f"{word} {result.name}{cause}"))


def _become(command: Sequence[str]) -> None:
    """Puts the command in this process's place; 127 and 126 as shells say it."""
    from probecli.engine.descriptors import give_back_limit

    sys.stdout.flush()
    give_back_limit()
    try:
        os.execvp(command[0], list(command))
    except FileNotFoundError:
        fail(f"probecli: {command[0]}: no such command", 127)
    except OSError as error:
        fail(f"probecli: {command[0]}: {error.strerror}", 126)
