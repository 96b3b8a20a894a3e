"""`probecli explain`: one target in depth, for whoever has to call the network team."""

from typing import TYPE_CHECKING, Annotated, Never

import typer

from probecli import config
from probecli.cli import options
from probecli.cli.failure import fail
from probecli.cli.plan import NO_TARGET, USAGE, duration_s, loaded, whole_number

if TYPE_CHECKING:
    from probecli.model.plan import Plan
    from probecli.model.target import Target

_LISTED = 12


def explain(
    target: Annotated[
        str,
        typer.Argument(
            metavar="URL|NAME",
            help="A URL, or the name of a target in the target files: whole, its beginning, or a "
            "glob that fits one alone.",
            show_default=False,
        ),
    ],
    sources: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[FILE|DIR|-]...",
            help="Where the name is looked up. Without any: targets.yaml here, then in the user's "
            "configuration folder.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FORMAT[=PATH]",
            help="text or json; to a file with =PATH.  (default: text)",
            show_default=False,
        ),
    ] = None,
    timeout: options.Timeout = None,
    retries: options.Retries = None,
    no_color: options.NoColor = False,
) -> None:
    """Probe one target and show everything: phases, addresses, certificates, and a diagnosis.

    The exit code is that of `probecli check` for this one target.
    """
    from msgspec.structs import replace

    timeout_s = duration_s("--timeout", timeout)
    retried = whole_number("--retries", retries, least=0, most=99)
    kind, _, path = (output or "text").partition("=")
    if kind not in ("text", "json"):
        fail(f"probecli: -o {output}: explain writes text or json", USAGE)
    plan = _one(target, sources)
    plan = config.override(plan, timeout_s=timeout_s, retries=retried)
    plan = replace(plan, controls=tuple(one for one in plan.controls if one.enabled))
    from probecli.cli.explanation import Wanted, carry_out

    wanted = Wanted(as_json=kind == "json", path=path or None, no_color=no_color)
    raise typer.Exit(carry_out(plan, wanted))


def _one(asked: str, sources: list[str] | None) -> "Plan":
    """The plan with the one target that `asked` names; exits when there is none, or several."""
    from msgspec.structs import replace

    from probecli.explain.choice import chosen, suggestions

    if "://" in asked and not sources:
        return loaded([asked])
    plan = loaded(sources)
    found = chosen(asked, plan.targets)
    if len(found) != 1:
        _refuse(asked, found, suggestions(asked, plan.targets))
    return replace(plan, targets=found)


def _refuse(asked: str, found: "tuple[Target, ...]", near: tuple[str, ...]) -> Never:
    from probecli.text import one_line

    shown = one_line(asked, 200)
    if not found:
        fail(f"probecli: no target is called {shown}{_advice(asked, near)}", NO_TARGET)
    names = "".join(f"\n  {one_line(one.name, 200)}" for one in found[:_LISTED])
    more = f"\n  and {len(found) - _LISTED:,} more" if len(found) > _LISTED else ""
    fail(f"probecli: {shown} fits {len(found):,} targets; name one:{names}{more}", USAGE)


def _advice(asked: str, near: tuple[str, ...]) -> str:
    from pathlib import Path

    from probecli.text import one_line

    if near:
        names = "".join(f"\n  {one_line(name, 200)}" for name in near)
        return f"; did you mean\n{names.lstrip(chr(10))}"
    if Path(asked).exists():
        return f"; to explain a target of that file: probecli explain NAME {asked}"
    if "." in asked and "/" not in asked.partition("?")[0].rstrip("/"):
        return f"; for a URL that is in no file: probecli explain https://{asked.strip('/')}/"
    return "; `probecli check -v` lists the names"
