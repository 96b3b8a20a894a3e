"""`probecli check`: probe once and gate."""

import typer

from probecli import config
from probecli.cli import options
from probecli.cli.plan import (
    duration_s,
    ending_as,
    excused,
    gate_rule,
    loaded,
    profile_of,
    selected,
    shard_of,
    whole_number,
)


def check(
    sources: options.Sources = None,
    group: options.Groups = None,
    tag: options.Tags = None,
    name: options.Names = None,
    shard: options.Shard = None,
    concurrency: options.Concurrency = None,
    per_host: options.PerHost = None,
    workers: options.WorkersOption = None,
    timeout: options.Timeout = None,
    deadline: options.Deadline = None,
    retries: options.Retries = None,
    fail_on: options.FailOnOption = None,
    max_failures: options.MaxFailures = None,
    baseline: options.Baseline = None,
    exit_profile: options.Profile = None,
    lock: options.Lock = None,
    lock_wait: options.LockWait = None,
    output: options.Outputs = None,
    vantage: options.Vantage = None,
    history: options.History = None,
    only_changes: options.OnlyChanges = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    no_color: options.NoColor = False,
) -> None:
    """Probe every target once, print what is down and why, and gate on it."""
    from msgspec.structs import replace

    profile = profile_of(exit_profile, output or ())
    with ending_as(profile):
        timeout_s = duration_s("--timeout", timeout)
        retried = whole_number("--retries", retries, least=0, most=99)
        lock_wait_s = duration_s("--lock-wait", lock_wait)
        plan = loaded(sources)
        plan = replace(plan, gate=gate_rule(plan.gate, fail_on, max_failures))
        plan = excused(shard_of(selected(plan, group, tag, name), shard), baseline)
        plan = config.override(plan, timeout_s=timeout_s, retries=retried)
        from probecli.cli.lock import alone
        from probecli.cli.session import Request, carry_out

        request = Request(
            outputs=output or (),
            concurrency=whole_number("--concurrency", concurrency, least=1, most=100_000),
            per_host=whole_number("--per-host", per_host, least=1, most=100_000),
            workers=whole_number("--workers", workers, least=1, most=64),
            deadline_s=duration_s("--deadline", deadline),
            vantage=vantage,
            shard=shard,
            profile=profile,
            quiet=quiet,
            verbose=verbose,
            no_color=no_color,
            history=history,
            only_changes=only_changes,
        )
        with alone(lock, lock_wait_s or 0.0, quiet=quiet):
            code = carry_out(plan, request)
    raise typer.Exit(code)
