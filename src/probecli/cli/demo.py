"""`probecli demo`: the outage of 22 December 2025, for real, on loopback."""

import asyncio
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from typing import TYPE_CHECKING, Annotated

import typer

from probecli.cli import options
from probecli.cli.failure import fail, say

if TYPE_CHECKING:
    from probecli.cli.session import Request
    from probecli.demo.script import Scene
    from probecli.demo.services import Stage
    from probecli.model.plan import Plan

# What came before is told in passing: a stalled service is given up sooner, at the first attempt.
_HURRIED_TIMEOUT_S = 1.3


def demo(
    keep: Annotated[
        str | None,
        typer.Option(
            "--keep",
            metavar="DIR",
            help="Leave the target file that is used, the history and the report there.",
            show_default=False,
        ),
    ] = None,
    output: options.Outputs = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    no_color: options.NoColor = False,
) -> None:
    """Play the outage of 22 December 2025 on loopback servers and probe it.

    The servers behave as La Poste, its bank and others did that morning and in the days before:
    error pages, resets, stalls, slow answers, and some that work. They are probed through the
    ordinary engine, on a clock that runs from 17 to 22 December in seconds, and the history says
    since when, and that it is not the first time. The exit code is 0 when the demo ran, whatever
    it found.
    """
    from probecli.cli.session import Request

    request = Request(outputs=output or (), quiet=quiet, verbose=verbose, no_color=no_color)
    code = asyncio.run(_kept(None if keep is None else Path(keep), request))
    raise typer.Exit(code)


async def _kept(keep: Path | None, request: "Request") -> int:
    if keep is not None:
        return await _played(keep, request, kept=True)
    with TemporaryDirectory(prefix="probecli-demo-") as spare:
        return await _played(Path(spare), request, kept=False)


async def _played(directory: Path, request: "Request", *, kept: bool) -> int:
    from msgspec.structs import replace

    from probecli import config
    from probecli.cli.session import carried_out
    from probecli.demo.script import MAIN
    from probecli.demo.services import services
    from probecli.demo.story import before_main, clock_of, has_stalls
    from probecli.demo.targets import write_target_file
    from probecli.verdict.gate import ExitCode

    async with services() as stage:
        try:
            path = write_target_file(directory, stage)
        except OSError as error:
            fail(f"probecli: cannot write {error.filename}: {error.strerror}", 74)
        plan = config.load([str(path)], env=os.environ, stdin=bytes, cwd=Path.cwd())
        hurried = config.override(plan, timeout_s=_HURRIED_TIMEOUT_S, retries=0)
        history = directory / "history.sqlite"
        history.unlink(missing_ok=True)
        for scene in before_main():
            code, said = await _in_passing(
                scene, stage, hurried if has_stalls(scene) else plan, directory
            )
            if code in (ExitCode.INTERRUPTED, ExitCode.TERMINATED):
                return code
            if not request.quiet:
                say(said)
        stage.play(MAIN)
        snapshot = directory / "2025-12-22T0610.json"
        outputs = request.outputs or ("table" if sys.stdout.isatty() else "plain",)
        shown = replace(request, outputs=(*outputs, f"json={snapshot}"), history=str(history))
        code = await carried_out(plan, shown, now=clock_of(MAIN))
    if not request.quiet:
        page = directory / "status.html" if kept else Path(gettempdir(), "probecli-demo.html")
        _write_page(history, snapshot, page)
        say(f"The status page of these days: {page}")
    if kept:
        say(f"The target file, the history and the snapshots are in {directory}.")
    return 0 if code in (0, 1, 3) else code


def _write_page(history: Path, snapshot: Path, page: Path) -> None:
    from probecli.cli.report import page_from, write_page
    from probecli.demo.script import MAIN
    from probecli.demo.story import clock_of
    from probecli.model.moment import rfc3339

    # A moment later, so that the run itself is in the past.
    until = rfc3339(clock_of(MAIN)() + 1)
    title = "22 December 2025, 06:10"
    write_page(page_from([str(snapshot)], str(history), until, title, 7), str(page))


async def _in_passing(
    scene: "Scene", stage: "Stage", plan: "Plan", directory: Path
) -> tuple[int, str]:
    """Plays and probes one scene of the past into the history; its exit code, and what it was."""
    from probecli.cli.session import Request, carried_out
    from probecli.demo.story import clock_of
    from probecli.output.words import counts
    from probecli.snapshots import read_snapshot

    stage.play(scene)
    snapshot = directory / f"{scene.at:%Y-%m-%dT%H%M}.json"
    past = Request(
        outputs=(f"json={snapshot}",), quiet=True, history=str(directory / "history.sqlite")
    )
    code = await carried_out(plan, past, now=clock_of(scene))
    summary = read_snapshot(str(snapshot), bytes).summary
    told = ", ".join(words for _, words in counts(summary))
    title = scene.title.partition(": ")[2] or scene.title
    return code, f"{scene.at:%d %b %H:%M}  {title}: {told}"
