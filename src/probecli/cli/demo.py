"""`probecli demo`: the outage of 22 December 2025, for real, on loopback."""

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from probecli.cli import options
from probecli.cli.failure import fail, say

if TYPE_CHECKING:
    from probecli.cli.session import Request


def demo(
    keep: Annotated[
        str | None,
        typer.Option(
            "--keep",
            metavar="DIR",
            help="Write the target file that is used, and its certificate authority, there.",
            show_default=False,
        ),
    ] = None,
    output: options.Outputs = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    no_color: options.NoColor = False,
) -> None:
    """Play the outage of 22 December 2025 on loopback servers and probe it.

    The servers behave as La Poste, its bank and others did that morning: error pages, resets,
    stalls, slow answers, and some that work. They are probed through the ordinary engine. The
    exit code is 0 when the demo ran, whatever it found.
    """
    from probecli.cli.session import Request

    request = Request(outputs=output or (), quiet=quiet, verbose=verbose, no_color=no_color)
    code = asyncio.run(_played(None if keep is None else Path(keep), request))
    raise typer.Exit(code)


async def _played(keep: Path | None, request: "Request") -> int:
    from tempfile import TemporaryDirectory

    from probecli import config
    from probecli.cli.session import carried_out
    from probecli.demo.services import services
    from probecli.demo.targets import write_target_file

    with TemporaryDirectory(prefix="probecli-demo-") as spare:
        async with services() as stage:
            try:
                path = write_target_file(keep or Path(spare), stage)
            except OSError as error:
                fail(f"probecli: cannot write {error.filename}: {error.strerror}", 74)
            plan = config.load([str(path)], env=os.environ, stdin=bytes, cwd=Path.cwd())
            code = await carried_out(plan, request)
    if keep is not None:
        say(f"The target file is {path}; its servers ended with the demo.")
    return 0 if code in (0, 1, 3) else code
