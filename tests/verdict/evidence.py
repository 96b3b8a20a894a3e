"""Short ways to write a target and what was measured of it."""

from typing import Any

from probecli.model.evidence import Evidence
from probecli.model.result import HttpFacts, Timings, TlsFacts
from probecli.model.target import Expectations, StatusRange, StatusSet, Target

BUILT_IN = StatusSet((StatusRange(200, 399),))


def statuses(*ranges: int | tuple[int, int]) -> StatusSet:
    return StatusSet(
        StatusRange(part, part) if isinstance(part, int) else StatusRange(*part) for part in ranges
    )


def target(url: str = "https://example.org/", **fields: Any) -> Target:
    return Target(name="t", url=url, **fields)


def expecting(**expectations: Any) -> Expectations:
    return Expectations(**{"status": BUILT_IN, **expectations})


def answer(
    status: int = 200,
    body: bytes = b"",
    *,
    headers: tuple[tuple[str, str], ...] = (("Content-Type", "text/html"),),
    days: int | None = 60,
    **fields: Any,
) -> Evidence:
    http = HttpFacts(
        method="GET",
        status=status,
        final_url="https://example.org/",
        retry_after_s=fields.pop("retry_after_s", None),
    )
    facts: dict[str, Any] = {
        "timings": Timings(wait=80.0, total=120.0),
        "http": http,
        "tls": None if days is None else TlsFacts(certificate_days=days),
    }
    named = tuple((name.lower(), value) for name, value in headers)
    return Evidence(headers=named, body=body, **{**facts, **fields})
