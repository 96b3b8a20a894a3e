import pytest
from msgspec.structs import replace

from output.report_samples import at, december, hourly, taken
from output.samples import OUTAGE, result
from probecli.history.place import Place
from probecli.history.store import Store
from probecli.model.cause import State
from probecli.model.snapshot import Snapshot
from probecli.output.report.draw import bars, lines
from probecli.output.report.observed import page_of_snapshots
from probecli.output.report.page import Latency, Page, Row, Share
from probecli.output.report.recorded import page_of_history
from probecli.output.report.words import bars_words, headline, notable, percent, since_words

NOW_US = int(at(22, 6)) * 1_000_000


def of(page: Page, name: str) -> Row:
    return next(row for row in page.rows if row.name == name)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    runs = december()
    store = Store(Place(path=tmp_path_factory.mktemp("h") / "h.sqlite"), runs[0].run.started_at)
    for one in runs:
        store.record(one.run, one.targets)
    return store


def from_history(store: Store, now_us: int) -> Page:
    page = page_of_history(store, now_us=now_us)
    assert page is not None
    return page


@pytest.fixture(params=["snapshots", "history"])
def page(request: pytest.FixtureRequest, store: Store) -> Page:
    """The same days from either source."""
    if request.param == "history":
        return from_history(store, NOW_US + 999)
    return page_of_snapshots(december())


def test_days_show_what_was_up_down_and_not_probed(page: Page) -> None:
    assert page.timeline is not None
    days = of(page, "api").shares

    assert page.timeline.unit == "day"
    assert len(days) == 6
    assert days[0].up == pytest.approx(1)
    assert days[1].down == pytest.approx(2 / 24)
    assert days[1].up == pytest.approx(21 / 24, abs=1e-6)
    assert days[2].probed == 0
    assert days[3].up == pytest.approx(1)
    assert 0 < days[5].down < 1e-6
    assert notable(days, page.timeline) == [
        ("22 Dec", "down for a moment"),
        ("19 Dec", "not probed"),
        ("18 Dec", "down 2 h, not probed 1 h"),
    ]


def test_a_gap_never_counts_as_uptime(page: Page) -> None:
    whole = of(page, "api").uptimes[0].share

    observed = 24 + 23 + 24 + 24 + 6
    assert whole == pytest.approx((observed - 2) / observed, abs=1e-4)


def test_what_is_down_says_between_when_it_went_down(page: Page) -> None:
    assert headline(page) == ("down", "1 of 2 targets is down")
    assert since_words(of(page, "api"), page.as_of) == (
        "new in this run",
        "between 05:00Z (last ok) and 06:00Z",
    )


def test_an_outage_that_is_over_is_an_incident_of_the_past(page: Page) -> None:
    (past,) = page.past

    assert (past.title, past.targets, past.causes) == ("shop", ("api",), ("http.error",))
    assert past.until_us - past.since_us == pytest.approx(2 * 3600e6, abs=1000)


def test_latencies_are_those_of_answers_that_count(page: Page) -> None:
    latency = of(page, "api").latency

    assert latency.p50[1] == pytest.approx(100, rel=1e-3)
    assert latency.p95[1] == pytest.approx(100, rel=1e-3)
    assert latency.p50[2] is None
    assert of(page, "www").latency.p50[0] == pytest.approx(50, rel=1e-3)


def test_the_bars_are_said_in_words(page: Page) -> None:
    assert page.timeline is not None
    assert bars_words(of(page, "api").shares, page.timeline) == (
        "6 days to 22 Dec: up throughout on 3; "
        "down on 2: 22 Dec (for a moment), 18 Dec (2 h); not probed on 1"
    )


def test_a_history_that_stopped_makes_no_target_up(store: Store) -> None:
    page = from_history(store, NOW_US + 30 * 3600 * 1_000_000)

    assert {row.standing for row in page.rows} == {"not probed"}
    assert headline(page) == ("not probed", "Nothing probed since 2025-12-22 06:00Z")
    assert page.incidents == ()


def test_a_snapshot_adds_to_a_history_what_that_does_not_keep(store: Store) -> None:
    newest = taken([result("api", "down", "tcp.refused")], at(22, 6.5))
    page = page_of_history(store, now_us=NOW_US + 1800 * 1_000_000 + 999, snapshots=[newest])

    assert page is not None
    api = of(page, "api")
    assert (api.standing, api.cause, api.since) == (
        "down",
        "tcp.refused",
        of(from_history(store, NOW_US + 999), "api").since,
    )
    assert api.result == newest.targets[0]
    assert [one.gate for one in page.vantages] == [newest.gate]
    assert len(api.shares) == 6


def test_what_came_after_now_is_not_told(store: Store) -> None:
    page = from_history(store, int(at(18, 8)) * 1_000_000 + 999)

    assert headline(page)[1] == "1 of 2 targets is down"
    assert page.past == ()


def test_the_newest_snapshot_of_each_vantage_is_now() -> None:
    up, down = [result("api")], [result("api", "down", "tcp.refused")]
    page = page_of_snapshots(
        [taken(down, at(22, 6)), taken(up, at(22, 5)), taken(up, at(22, 5.5), "rome-1")]
    )

    standings = {row.vantage: row.standing for row in page.rows}
    assert standings == {"paris-1": "down", "rome-1": "up"}
    assert {one.name: one.runs for one in page.vantages} == {"paris-1": 2, "rome-1": 1}


def test_one_snapshot_is_a_moment_without_bars() -> None:
    page = page_of_snapshots([taken(OUTAGE, at(22, 6))])

    assert page.timeline is None
    assert of(page, "laposte-www").shares == ()
    assert of(page, "laposte-www").since is None


def test_groups_bear_the_titles_of_the_newest_snapshot_without_any_incident() -> None:
    def titled(title: str, hour: float) -> Snapshot:
        fine = [result("www", group="post"), result("bank", group="bpce")]
        return replace(taken(fine, at(22, hour)), groups={"post": title})

    page = page_of_snapshots([titled("La Poste Groupe", 6), titled("La Poste", 5)])

    assert [group.title for group in page.groups] == ["La Poste Groupe", "bpce"]


def test_an_incident_that_the_report_finds_itself_bears_the_title_of_the_group() -> None:
    down = [result(name, "down", "tcp.refused", group="post") for name in ("www", "suivi")]
    page = page_of_snapshots([replace(taken(down, at(22, 6)), groups={"post": "La Poste Groupe"})])

    assert [one.shared.title for one in page.incidents] == ["La Poste Groupe"]


def test_the_same_snapshot_twice_counts_once() -> None:
    one = taken(OUTAGE, at(22, 6))

    assert page_of_snapshots([one, one]) == page_of_snapshots([one])


def test_bars_reach_back_no_further_than_asked() -> None:
    runs = hourly(at(1), at(22), lambda moment: [result("api")])
    page = page_of_snapshots(runs, days=7)

    assert page.timeline is not None
    assert (page.timeline.count, len(page.rows[0].shares)) == (7, 7)


@pytest.mark.parametrize(
    ("hours", "unit"), [(2, "5 minutes"), (24, "hour"), (47, "hour"), (49, "day")]
)
def test_a_young_history_is_drawn_finer(hours: int, unit: str) -> None:
    page = page_of_snapshots([taken(OUTAGE, at(20)), taken(OUTAGE, at(20, hours))])

    assert page.timeline is not None
    assert page.timeline.unit == unit


@pytest.mark.parametrize(
    ("standings", "words"),
    [
        (("up", "up"), "All 2 targets are up"),
        (("up",), "The target is up"),
        (("down", "down"), "All 2 targets are down"),
        (("degraded", "up", "degraded"), "2 of 3 targets are degraded"),
        (("unknown", "up"), "1 of 2 targets is unknown"),
        ((), "Nothing was probed"),
    ],
)
def test_the_headline_says_the_worst(standings: tuple[State, ...], words: str) -> None:
    results = [result(f"t{index}", state) for index, state in enumerate(standings)]

    assert headline(page_of_snapshots([taken(results, at(22))]))[1] == words


def test_buckets_of_one_state_are_one_line_and_others_are_stacked() -> None:
    drawn = bars((*[Share(up=1.0)] * 30, Share(up=0.5, down=0.5), Share(), Share(up=1.0)))

    assert drawn.whole == (("up", "M0 10h119M128 10h3"),)
    assert drawn.parts == (("up", "M120 10h3v10h-3"), ("down", "M120 0h3v10h-3"))
    assert drawn.marks == "M120 23h3"


def test_a_minute_of_a_day_is_seen_and_no_bar_grows_too_high() -> None:
    drawn = bars((Share(up=0.999, degraded=1e-9, down=1e-9, unknown=1e-9),))

    heights = {state: int(path.split("v")[1].split("h")[0]) for state, path in drawn.parts}
    assert sum(heights.values()) == 20
    assert min(heights.values()) == 4


def test_a_line_breaks_where_nothing_was_answered() -> None:
    drawn = lines(Latency((10.0, 20.0, None, 10.0), (20.0, 20.0, None, 20.0)))

    assert drawn is not None
    assert (drawn.p50, drawn.p95) == ("M1 12h1l3-11M13 12h1", "M1 1h1l3 0M13 1h1")
    assert lines(Latency((None,), (None,))) is None


@pytest.mark.parametrize(
    ("share", "words"),
    [(1.0, "100 %"), (0.99999, "99.99 %"), (0.9933, "99.33 %"), (0.0, "0 %"), (None, "-")],
)
def test_uptime_is_never_rounded_up(share: float | None, words: str) -> None:
    assert percent(share) == words
