"""Days of runs to make status pages of: the outages of December 2025, and a night without runs."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

from msgspec.structs import replace

from output.samples import result, snapshot
from probecli.model.moment import rfc3339
from probecli.model.result import Result
from probecli.model.snapshot import Snapshot
from probecli.output.report.page import Page
from probecli.output.report.render import render

HOUR = 3600


def at(day: int, hour: float = 0) -> float:
    """Seconds since the epoch, of a day and hour in December 2025."""
    return datetime(2025, 12, 1, tzinfo=UTC).timestamp() + ((day - 1) * 24 + hour) * HOUR


def taken(results: Iterable[Result], epoch_s: float, vantage: str = "paris-1") -> Snapshot:
    """A snapshot of a moment."""
    one = snapshot(results)
    run = replace(
        one.run,
        id=f"r{epoch_s:.0f}",
        vantage=vantage,
        started_at=rfc3339(epoch_s),
        finished_at=None,
    )
    return replace(one, run=run)


def hourly(
    begin: float, end: float, results: Callable[[float], Sequence[Result]]
) -> list[Snapshot]:
    """A snapshot every hour, both ends included; none where `results` gives nothing."""
    moments = [begin + index * HOUR for index in range(int((end - begin) / HOUR) + 1)]
    return [taken(told, moment) for moment in moments if (told := results(moment))]


def december() -> list[Snapshot]:
    """17 to 22 December 06:00: `api` down 18 Dec 07-09 and now; nothing probed on the 19th."""

    def results(moment: float) -> Sequence[Result]:
        if at(19) <= moment < at(20):
            return ()
        is_down = at(18, 7) <= moment < at(18, 9) or moment >= at(22, 6)
        api = result("api", group="shop", ms=100.0)
        if is_down:
            api = result("api", "down", "http.error", "503, expected 200-399", group="shop")
        return (api, result("www", ms=50.0))

    return hourly(at(17), at(22, 6), results)


def html(page: Page) -> str:
    """The page's document."""
    return b"".join(render(page)).decode()
