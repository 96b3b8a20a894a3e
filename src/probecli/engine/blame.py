"""Them or me: what the end of the run tells about network failures."""

from msgspec.structs import replace

from probecli.model.result import Result

_NETWORK_PREFIXES = ("dns.", "tcp.")
_NETWORK_CAUSES = frozenset({"tls.timed_out", "tls.failed", "http.response.timed_out"})


def is_network_failure(cause: str | None) -> bool:
    """Whether a broken network of our own would look like this too."""
    return cause is not None and (cause.startswith(_NETWORK_PREFIXES) or cause in _NETWORK_CAUSES)


def may_change(result: Result, *, has_controls: bool) -> bool:
    """Whether only the end of the run can tell this result's state."""
    if result.cause == "dns.unreachable":
        return result.kind != "dns" or has_controls
    return has_controls and is_network_failure(result.cause)


def reassessed(result: Result, *, controls_failed: bool, resolver_answered: bool) -> Result:
    """The result as the whole run shows it.

    With all controls failing, a network failure says nothing about the target. A resolver that
    answered for other names was not unreachable: its silence on this one is the name's fault.
    """
    if controls_failed and is_network_failure(result.cause):
        return replace(
            result,
            state="unknown",
            cause="local.network",
            detail=f"all controls fail too; {result.cause}: {result.detail}",
        )
    if result.cause == "dns.unreachable" and resolver_answered and result.state == "unknown":
        return replace(
            result,
            state="down",
            detail=f"{result.detail}, while the same resolver answered for other names",
        )
    return result


def notice(controls: int) -> str:
    """The sentence on top of a run whose controls all fail."""
    failing = "The control fails" if controls == 1 else f"All {controls} controls fail"
    return f"{failing}: this prober's own network seems down, so network failures are unknown."
