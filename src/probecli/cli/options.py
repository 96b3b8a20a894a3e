"""The options that commands share, each with its environment variable."""

from typing import Annotated

import typer

_SELECTION = "What to probe"
_LIMITS = "How"
_OUTPUT = "Output"
_GATE = "Gate"

Sources = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="FILE|DIR|URL|-",
        help="Target files, folders of them, URLs, or - for standard input. Without any: "
        "targets.yaml here, then in the user's configuration folder.",
        show_default=False,
    ),
]
Groups = Annotated[
    list[str] | None,
    typer.Option(
        "--group",
        metavar="GROUP",
        help="Only targets of this group. Repeatable.",
        envvar="PROBECLI_GROUP",
        rich_help_panel=_SELECTION,
        show_default=False,
    ),
]
Tags = Annotated[
    list[str] | None,
    typer.Option(
        "--tag",
        metavar="TAG",
        help="Only targets with this tag. Repeatable.",
        envvar="PROBECLI_TAG",
        rich_help_panel=_SELECTION,
        show_default=False,
    ),
]
Names = Annotated[
    list[str] | None,
    typer.Option(
        "--name",
        metavar="GLOB",
        help="Only targets whose name matches. Repeatable.",
        envvar="PROBECLI_NAME",
        rich_help_panel=_SELECTION,
        show_default=False,
    ),
]
Shard = Annotated[
    str | None,
    typer.Option(
        "--shard",
        metavar="I/N",
        help="Only the I-th of N parts of the list, for N runs side by side.",
        envvar="PROBECLI_SHARD",
        rich_help_panel=_SELECTION,
        show_default=False,
    ),
]
Concurrency = Annotated[
    str | None,
    typer.Option(
        "--concurrency",
        metavar="N",
        help="Probes in flight at once. (default: up to 1024, as many as are timed well)",
        envvar="PROBECLI_CONCURRENCY",
        rich_help_panel=_LIMITS,
        show_default=False,
    ),
]
PerHost = Annotated[
    str | None,
    typer.Option(
        "--per-host",
        metavar="N",
        help="Probes in flight at once for one host and port. (default: 6)",
        envvar="PROBECLI_PER_HOST",
        rich_help_panel=_LIMITS,
        show_default=False,
    ),
]
WorkersOption = Annotated[
    str | None,
    typer.Option(
        "--workers",
        metavar="N",
        help="Processes to share the probing. (default: by the size of the list and the cores)",
        envvar="PROBECLI_WORKERS",
        rich_help_panel=_LIMITS,
        show_default=False,
    ),
]
Timeout = Annotated[
    str | None,
    typer.Option(
        "--timeout",
        metavar="DURATION",
        help="For one attempt, whole, like 500ms or 10s. (default: the file's, 10s)",
        envvar="PROBECLI_TIMEOUT",
        rich_help_panel=_LIMITS,
        show_default=False,
    ),
]
Deadline = Annotated[
    str | None,
    typer.Option(
        "--deadline",
        metavar="DURATION",
        help="For the whole run; what is unfinished then is unknown, and the exit code 124.",
        envvar="PROBECLI_DEADLINE",
        rich_help_panel=_LIMITS,
        show_default=False,
    ),
]
Retries = Annotated[
    str | None,
    typer.Option(
        "--retries",
        metavar="N",
        help="Attempts after the first. (default: the file's, 2)",
        envvar="PROBECLI_RETRIES",
        rich_help_panel=_LIMITS,
        show_default=False,
    ),
]
Vantage = Annotated[
    str | None,
    typer.Option(
        "--vantage",
        metavar="NAME",
        help="The name of the place that probes. (default: the file's, the host name)",
        envvar="PROBECLI_VANTAGE",
        rich_help_panel=_OUTPUT,
        show_default=False,
    ),
]
FORMATS_HELP = (
    "table, plain, json, ndjson, csv, junit, prometheus, github, nagios or html; to a file with "
    "=PATH, where {date}, {time}, {run} and {vantage} are replaced. Repeatable."
)
Outputs = Annotated[
    list[str] | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FORMAT[=PATH]",
        help=f"{FORMATS_HELP} (default: table on a terminal, else plain)",
        envvar="PROBECLI_OUTPUT",
        rich_help_panel=_OUTPUT,
        show_default=False,
    ),
]
Quiet = Annotated[
    bool,
    typer.Option(
        "--quiet",
        "-q",
        help="Only what fails, and the summary.",
        envvar="PROBECLI_QUIET",
        rich_help_panel=_OUTPUT,
        show_default=False,
    ),
]
Verbose = Annotated[
    bool,
    typer.Option(
        "--verbose",
        "-v",
        help="Every target, with attempts and phases.",
        envvar="PROBECLI_VERBOSE",
        rich_help_panel=_OUTPUT,
        show_default=False,
    ),
]
NoColor = Annotated[
    bool,
    typer.Option(
        "--no-color",
        help="No colours, whatever the terminal can.",
        envvar="PROBECLI_NO_COLOR",
        rich_help_panel=_OUTPUT,
        show_default=False,
    ),
]
FailOnOption = Annotated[
    str | None,
    typer.Option(
        "--fail-on",
        metavar="STATE",
        help="down, degraded (or down), unknown (or either), never. (default: the file's, down)",
        envvar="PROBECLI_FAIL_ON",
        rich_help_panel=_GATE,
        show_default=False,
    ),
]
MaxFailures = Annotated[
    str | None,
    typer.Option(
        "--max-failures",
        metavar="N|N%",
        help="Failures that are allowed, as a number or a percentage of gated targets. "
        "(default: the file's, 0)",
        envvar="PROBECLI_MAX_FAILURES",
        rich_help_panel=_GATE,
        show_default=False,
    ),
]
Profile = Annotated[
    str | None,
    typer.Option(
        "--exit-profile",
        metavar="PROFILE",
        help="default, or nagios: 0 up, 1 degraded, 2 down, 3 anything else; -o nagios implies it.",
        envvar="PROBECLI_EXIT_PROFILE",
        rich_help_panel=_GATE,
        show_default=False,
    ),
]
Lock = Annotated[
    str | None,
    typer.Option(
        "--lock",
        metavar="PATH",
        help="Run alone: while another run holds this file, say so and exit 0.",
        envvar="PROBECLI_LOCK",
        rich_help_panel=_LIMITS,
        show_default=False,
    ),
]
LockWait = Annotated[
    str | None,
    typer.Option(
        "--lock-wait",
        metavar="DURATION",
        help="How long to wait for the lock before leaving. (default: not at all)",
        envvar="PROBECLI_LOCK_WAIT",
        rich_help_panel=_LIMITS,
        show_default=False,
    ),
]
Baseline = Annotated[
    str | None,
    typer.Option(
        "--baseline",
        metavar="SNAPSHOT",
        help="Only what was not failing in this snapshot can fail the gate.",
        envvar="PROBECLI_BASELINE",
        rich_help_panel=_GATE,
        show_default=False,
    ),
]
History = Annotated[
    str | None,
    typer.Option(
        "--history",
        metavar="PATH|URL",
        help="Record the run, and say since when: a file, a postgresql:// URL, or auto for the "
        "usual place of state. (default: the file's, none)",
        envvar="PROBECLI_HISTORY",
        rich_help_panel=_OUTPUT,
        show_default=False,
    ),
]
OnlyChanges = Annotated[
    bool,
    typer.Option(
        "--only-changes",
        help="Print nothing unless a state changed since the last run in the history, which is "
        "auto unless given; files are written all the same.",
        envvar="PROBECLI_ONLY_CHANGES",
        rich_help_panel=_OUTPUT,
        show_default=False,
    ),
]
