"""What a control says of the prober's own network."""

from collections.abc import Collection

from probecli.model.result import Result


def control_fails(result: Result) -> bool:
    """Whether a control gives no sign that this prober's network works.

    A control that turned us away as a robot has answered: the network works. One that was
    interrupted tells nothing, and so blames nobody.
    """
    cause = result.cause or ""
    if result.state == "unknown":
        return cause != "local.interrupted" and not cause.startswith("blocked.")
    return result.state == "down"


def all_fail(controls: Collection[Result]) -> bool:
    """Whether there are controls and none gives a sign that the prober's network works."""
    return bool(controls) and all(map(control_fails, controls))
