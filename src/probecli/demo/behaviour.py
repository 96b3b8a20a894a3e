"""What a demo service does with a connection: small named values, each with its right verdict."""

from typing import Literal

from msgspec import Struct, structs

from probecli.model.cause import State

Fault = Literal[
    "refuse",
    "reset_on_accept",
    "stall_on_accept",
    "reset_on_request",
    "close_on_request",
    "stall_on_request",
    "stall_in_body",
]


class Outcome(Struct, frozen=True):
    """State and cause that a right verdict names; `flaky` when it took more than one attempt."""

    state: State
    cause: str | None = None
    flaky: bool = False


class Behaviour(Struct, frozen=True, kw_only=True):
    """What happens to one connection, and what a prober with two attempts makes of it.

    `fault` breaks the exchange at the place it names; without one, `status` is answered after
    `delay_ms`. `holding_page` puts the page "service indisponible" in place of the content.
    `before` is what every other connection meets, the first included.
    """

    name: str
    outcome: Outcome
    status: int = 200
    holding_page: bool = False
    retry_after_s: int | None = None
    delay_ms: float = 0.0
    fault: Fault | None = None
    before: "Behaviour | None" = None


def _status(status: int, retry_after_s: int | None = None) -> Behaviour:
    return Behaviour(
        name=str(status),
        outcome=Outcome("down", "http.error"),
        status=status,
        holding_page=True,
        retry_after_s=retry_after_s,
    )


def _fault(fault: Fault, cause: str) -> Behaviour:
    return Behaviour(name=fault.replace("_", " "), outcome=Outcome("down", cause), fault=fault)


OK = Behaviour(name="ok", outcome=Outcome("up"))
BAD_GATEWAY = _status(502)
UNAVAILABLE = _status(503)
GATEWAY_TIMEOUT = _status(504)
UNAVAILABLE_RETRY_AFTER = structs.replace(_status(503, 300), name="503 Retry-After")
HOLDING_PAGE = Behaviour(
    name="holding page",
    outcome=Outcome("down", "content.unavailable"),
    holding_page=True,
)
# Slower than the `warn: {latency: ...}` of the demo's target file, faster than its timeout.
SLOW = Behaviour(name="slow", outcome=Outcome("degraded", "expect.latency"), delay_ms=1000.0)
REFUSE = _fault("refuse", "tcp.refused")
RESET_ON_ACCEPT = _fault("reset_on_accept", "tcp.reset")
RESET_ON_REQUEST = _fault("reset_on_request", "tcp.reset")
STALL_ON_ACCEPT = _fault("stall_on_accept", "tls.timed_out")
STALL_ON_REQUEST = _fault("stall_on_request", "http.response.timed_out")
STALL_IN_BODY = _fault("stall_in_body", "http.response.timed_out")
CLOSE_ON_REQUEST = _fault("close_on_request", "http.response.invalid")
FLAKY = Behaviour(name="flaky", outcome=Outcome("up", flaky=True), before=UNAVAILABLE)

BEHAVIOURS: tuple[Behaviour, ...] = (
    OK,
    BAD_GATEWAY,
    UNAVAILABLE,
    GATEWAY_TIMEOUT,
    UNAVAILABLE_RETRY_AFTER,
    HOLDING_PAGE,
    SLOW,
    REFUSE,
    RESET_ON_ACCEPT,
    RESET_ON_REQUEST,
    STALL_ON_ACCEPT,
    STALL_ON_REQUEST,
    STALL_IN_BODY,
    CLOSE_ON_REQUEST,
    FLAKY,
)
