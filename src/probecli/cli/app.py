"""The commands and what is common to them; a command is imported when it is called."""

import sys
from collections.abc import Iterable
from importlib import import_module
from typing import Any, NamedTuple

import typer
import typer.core
import typer.main

from probecli import __version__
from probecli.cli.light import Light, LightCommand


class _Row(NamedTuple):
    module: str
    help: str


COMMANDS = {
    "check": _Row("probecli.cli.check", "Probe every target once and gate on the result."),
    "watch": _Row("probecli.cli.watch", "Probe every interval, with a live table."),
    "wait": _Row("probecli.cli.wait", "Probe until the gate passes, then run a command."),
    "explain": _Row("probecli.cli.explain", "Show one target in depth, with a diagnosis."),
    "diff": _Row("probecli.cli.diff", "Say what changed between two snapshots."),
    "merge": _Row("probecli.cli.merge", "Make one run of shards, one verdict of vantages."),
    "history": _Row("probecli.cli.history", "Say what is down since when, and how it was before."),
    "history prune": _Row("probecli.cli.history", "Drop what is older from the history."),
    "history import": _Row("probecli.cli.history", "Take snapshots into the history."),
    "report": _Row("probecli.cli.report", "Write a status page: one HTML file, no script."),
    "validate": _Row("probecli.cli.validate", "Check target files without probing anything."),
    "schema": _Row("probecli.cli.schema", "Print the JSON Schema of a target file."),
    "init": _Row("probecli.cli.init", "Write a commented target file to start from."),
    "demo": _Row("probecli.cli.demo", "Play the outage of 22 December 2025 and probe it."),
}

_OPTIONS = (
    ("-h, --help", "Show this, or the options of a command."),
    ("-V, --version", "Show the version."),
)

_EXAMPLES = (
    ("probecli demo", "see it work, without the internet"),
    ("probecli check https://example.org/", "one target"),
    ("probecli init && probecli check", "a list of your own, in targets.yaml"),
    ("probecli check -o json=out.json lists/", "a folder of lists, into a snapshot"),
)


class Commands(Light, typer.core.TyperGroup):
    """The commands of the table; each is built when it is asked for."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = dict.fromkeys(COMMANDS)  # type: ignore[assignment]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of this name, None when there is none."""
        row = COMMANDS.get(cmd_name)
        if row is None:
            return None
        one = typer.Typer(add_completion=False, rich_markup_mode="rich")
        function = getattr(import_module(row.module), cmd_name.replace(" ", "_"))
        one.command(
            cmd_name,
            cls=LightCommand,
            context_settings={"help_option_names": ["-h", "--help"]},
        )(function)
        command = typer.main.get_command(one)
        command.name = cmd_name
        return command

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """The whole on one screen, without importing a command or a renderer."""
        formatter.write(overview(bold=_bold_allowed()))


def _bold_allowed() -> bool:
    import os

    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def overview(*, bold: bool) -> str:
    """The text of `probecli --help`."""

    def strong(text: str) -> str:
        return f"\x1b[1m{text}\x1b[0m" if bold else text

    def rows(pairs: Iterable[tuple[str, str]]) -> list[str]:
        listed = list(pairs)
        width = max(len(left) for left, _ in listed) + 2
        return [f"  {left:<{width}}{right}" for left, right in listed]

    lines = [
        "What is down, since when, why, what else fails with it, and is it them or me?",
        "",
        f"{strong('Usage')}: probecli COMMAND [OPTIONS] [FILE|DIR|URL|-]...",
        "",
        strong("Commands"),
        *rows((name, row.help) for name, row in COMMANDS.items()),
        "",
        strong("Options"),
        *rows(_OPTIONS),
        "",
        strong("Examples"),
        *rows(_EXAMPLES),
        "",
        strong("Exit codes"),
        "  0 passed   1 failed   2 usage or configuration   3 inconclusive   5 no target",
        "  70 a bug   74 not written   124 deadline   130, 143 interrupted",
        "",
    ]
    return "\n".join(lines)


app = typer.Typer(
    cls=Commands,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(value: bool) -> None:
    if value:
        typer.echo(f"probecli {__version__}")
        raise typer.Exit


@app.callback()
def probecli(
    version: bool = typer.Option(
        False, "--version", "-V", callback=_show_version, is_eager=True, help="Show the version."
    ),
) -> None:
    """What is down, since when, why, what else fails with it, and is it them or me?"""


def run(arguments: list[str]) -> None:
    """Carries out the command line and exits; a URL or file in place of a command is checked."""
    from probecli.cli.failure import guarded, with_streams

    with_streams()
    if arguments and "://" in arguments[0] and not arguments[0].startswith("-"):
        arguments = ["check", *arguments]
    if " ".join(arguments[:2]) in COMMANDS:
        arguments = [" ".join(arguments[:2]), *arguments[2:]]
    follow_up: list[str] = []
    if arguments[:1] == ["wait"] and "--" in arguments:
        at = arguments.index("--")
        arguments, follow_up = arguments[:at], arguments[at + 1 :]
    guarded(lambda: app(args=arguments, prog_name="probecli", obj=follow_up))
