"""`probecli validate`: every mistake of target files, and nothing probed."""

import typer

from probecli.cli import options
from probecli.cli.plan import loaded


def validate(sources: options.Sources = None) -> None:
    """Check target files: every mistake with its line, or what they hold."""
    plan = loaded(sources)
    disabled = sum(1 for target in plan.targets if not target.enabled)
    parts = [_count(len(plan.targets), "target")]
    if disabled:
        parts[0] += f" ({disabled} disabled)"
    if plan.groups:
        parts.append(_count(len(plan.groups), "group"))
    if plan.controls:
        parts.append(_count(len(plan.controls), "control"))
    typer.echo(f"valid: {', '.join(parts)}")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
