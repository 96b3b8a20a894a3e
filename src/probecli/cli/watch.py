"""`probecli watch`: a live table, round after round."""

from typing import Annotated

import typer

from probecli import config
from probecli.cli import options
from probecli.cli.plan import duration_s, gate_rule, loaded, selected, whole_number


def watch(
    sources: options.Sources = None,
    every: Annotated[
        str,
        typer.Option(
            "--every",
            metavar="DURATION",
            help="From the begin of a round to the begin of the next.",
            envvar="PROBECLI_EVERY",
        ),
    ] = "30s",
    rounds: Annotated[
        str | None,
        typer.Option(
            "--rounds",
            metavar="N",
            help="End after so many rounds.  [default: never]",
            envvar="PROBECLI_ROUNDS",
            show_default=False,
        ),
    ] = None,
    on_change: Annotated[
        str | None,
        typer.Option(
            "--on-change",
            metavar="COMMAND",
            help="Run this by `sh -c` for each change, with the change as a JSON object on its "
            "standard input.",
            envvar="PROBECLI_ON_CHANGE",
            show_default=False,
        ),
    ] = None,
    notify: Annotated[
        list[str] | None,
        typer.Option(
            "--notify",
            metavar="URL",
            help="Notify of each change of state by this apprise URL (mailto://, slack://, "
            "ntfy:// ...); needs probecli[notify]. Repeatable.",
            envvar="PROBECLI_NOTIFY",
            show_default=False,
        ),
    ] = None,
    group: options.Groups = None,
    tag: options.Tags = None,
    name: options.Names = None,
    concurrency: options.Concurrency = None,
    per_host: options.PerHost = None,
    timeout: options.Timeout = None,
    retries: options.Retries = None,
    fail_on: options.FailOnOption = None,
    max_failures: options.MaxFailures = None,
    output: Annotated[
        list[str] | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FORMAT=PATH",
            help="Write the newest snapshot to a file after each round, in any format of check. "
            "Repeatable.",
            envvar="PROBECLI_OUTPUT",
            show_default=False,
        ),
    ] = None,
    vantage: options.Vantage = None,
    history: options.History = None,
    no_color: options.NoColor = False,
) -> None:
    """Probe every target in rounds, with a live table; press ? in it for the keys.

    Without a terminal, or with CI set, it prints one line for each change and nothing else. The
    exit code is the gate's of the last round after q or --rounds, and 130 after Ctrl-C.

    Example: probecli watch --every 10s --on-change 'jq -r .name >> changed.log'
    """
    from msgspec.structs import replace

    every_s = duration_s("--every", every)
    assert every_s is not None
    timeout_s = duration_s("--timeout", timeout)
    retried = whole_number("--retries", retries, least=0, most=99)
    in_flight = whole_number("--concurrency", concurrency, least=1, most=100_000)
    for_one_host = whole_number("--per-host", per_host, least=1, most=100_000)
    counted = whole_number("--rounds", rounds, least=1, most=10**9)
    plan = loaded(sources)
    plan = replace(plan, gate=gate_rule(plan.gate, fail_on, max_failures))
    plan = config.override(selected(plan, group, tag, name), timeout_s=timeout_s, retries=retried)
    from probecli.cli.watching import Wanted, carry_out

    wanted = Wanted(
        every_s=every_s,
        rounds=counted,
        on_change=on_change,
        notify=notify or (),
        outputs=output or (),
        concurrency=in_flight,
        per_host=for_one_host,
        vantage=vantage,
        history=history,
        no_color=no_color,
    )
    raise typer.Exit(carry_out(plan, wanted))
