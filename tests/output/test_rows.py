from collections import Counter

import pytest

from output.samples import OUTAGE, many, result
from probecli.output.rows import UNLIMITED, Heading, Item, Limits, More, items


def shown(results, limits: Limits = Limits()) -> list[str]:  # noqa: B008 - frozen
    def word(item: Item) -> str:
        if isinstance(item, Heading):
            return f"[{item.group}]"
        if isinstance(item, More):
            return f"+{item.number} {item.state}"
        return item.name

    return [word(item) for item in items(results, limits)]


def test_groups_come_worst_first_and_what_fails_first_in_each() -> None:
    assert shown(tuple(reversed(OUTAGE))) == [
        "[la-poste]",
        "digiposte-api",
        "colissimo-suivi",
        "laposte-www",
        "[bpce]",
        "caisse-epargne-portail",
        "banque-populaire-api",
        "[la-banque-postale]",
        "banque-postale-portail",
        "banque-postale-mobile",
        "[paiement]",
        "wero",
        "carte-paiement",
    ]


def test_targets_without_groups_have_no_headings() -> None:
    assert shown([result("a"), result("b", "down", "http.error")]) == ["b", "a"]


def test_quiet_shows_only_what_is_not_up() -> None:
    assert "[paiement]" not in shown(OUTAGE, Limits(hide_up=True))
    assert "wero" not in shown(OUTAGE, Limits(hide_up=True))


def test_many_that_are_up_are_counted_by_group() -> None:
    assert shown(many(5_000, failing=1)) == [
        "[region-4]",
        "shop-04999",
        "[region-0]",
        "[region-1]",
        "[region-2]",
        "[region-3]",
    ]


def test_of_groups_that_are_up_the_largest_comes_first() -> None:
    results = [result(f"t{index}", group="large" if index % 3 else "small") for index in range(30)]
    assert shown(results) == ["[large]", "[small]"]


def test_many_groups_that_are_up_are_one_line() -> None:
    assert shown(many(500, failing=0, groups=50)) == ["+500 up"]
    assert shown([result(f"t{index}") for index in range(30)]) == ["+30 up"]


@pytest.mark.parametrize("groups", [1, 5, 40, 1_000])
def test_five_thousand_failures_stay_readable_and_every_one_is_counted(groups: int) -> None:
    everything = list(items(many(5_000, failing=5_000, groups=groups), Limits()))
    rows = [item for item in everything if not isinstance(item, Heading)]

    assert len(everything) <= 220
    assert sum(item.number if isinstance(item, More) else 1 for item in rows) == 5_000


def test_verbose_shows_every_target() -> None:
    assert len(shown(many(300, failing=200, groups=1), UNLIMITED)) == 301


def test_a_summed_up_line_says_the_cause_and_the_first_names() -> None:
    failing = [result(f"t{index}", "down", "tcp.timed_out") for index in range(100)]
    more = list(items(failing, Limits()))[-1]

    assert isinstance(more, More)
    assert (more.number, more.cause, more.names[0]) == (95, "tcp.timed_out", "t5")


def test_a_heading_counts_the_whole_group_where_only_a_part_is_given() -> None:
    tallies = {"la-poste": Counter({"down": 3, "up": 997})}
    heading = next(items(OUTAGE[:3], Limits(), tallies))

    assert isinstance(heading, Heading)
    assert heading.counts == (("down", 3), ("up", 997))
