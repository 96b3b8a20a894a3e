"""How far an exchange had come, and what its failure is called then."""

from enum import Enum, auto

from probecli.probe.wire.fault import Fault


class Progress(Enum):
    """What an exchange whose connection stands was about."""

    TUNNEL = auto()
    HANDSHAKE = auto()
    REQUEST = auto()
    ANSWER = auto()
    NOTHING = auto()


WHERE = {
    Progress.TUNNEL: "by the proxy",
    Progress.HANDSHAKE: "during the handshake",
    Progress.REQUEST: "before any response",
    Progress.ANSWER: "inside the response",
    Progress.NOTHING: "after the handshake",
}


def unconnected(bound_s: float) -> Fault:
    """No address accepted within the bound."""
    return Fault("tcp.timed_out", f"no connection within {_seconds(bound_s)}")


def unanswered(progress: Progress, bound_s: float, *, pending: bool) -> Fault:
    """The whole bound went by; `pending` tells that the peer has not taken all of our words."""
    bound = _seconds(bound_s)
    if progress is Progress.TUNNEL:
        return Fault("http.error", f"the proxy did not answer within {bound}")
    if progress is Progress.HANDSHAKE:
        return Fault("tls.timed_out", f"handshake unfinished after {bound}")
    if progress is Progress.ANSWER:
        words = "response incomplete"
    else:
        words = "request not fully accepted" if pending else "no response"
    return Fault("http.response.timed_out", f"{words} after {bound}")


def too_late(took_s: float, bound_s: float) -> Fault:
    """A complete response that a late loop read, and that had come after the bound."""
    return Fault(
        "http.response.timed_out",
        f"the response took {_seconds(round(took_s, 3))}, allowed {_seconds(bound_s)}",
    )


def _seconds(value: float) -> str:
    return f"{value * 1000:g} ms" if value < 1 else f"{value:g} s"
