"""`probecli init`: a target file to start from."""

from pathlib import Path
from typing import Annotated

import typer

from probecli.cli.failure import fail


def init(
    path: Annotated[
        str, typer.Argument(metavar="FILE", help="The file to write; - prints it.")
    ] = "targets.yaml",
    force: Annotated[
        bool, typer.Option("--force", "-f", help="Replace a file that is there.")
    ] = False,
) -> None:
    """Write a commented target file to start from."""
    from probecli import config

    text = config.template()
    if path == "-":
        typer.echo(text, nl=False)
        return
    try:
        with Path(path).open("w" if force else "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        fail(f"probecli: {path} is there already; --force replaces it", 2)
    except OSError as error:
        fail(f"probecli: cannot write {path}: {error.strerror}", 74)
    typer.echo(f"Wrote {path}. Edit it, then: probecli check {path}")
