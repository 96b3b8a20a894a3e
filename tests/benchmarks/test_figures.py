from xml.etree import ElementTree

import pytest


def test_ratios_are_taken_pair_by_pair_so_that_drift_cancels() -> None:
    from benchmarks.measure import paired

    assert paired([1.0, 10.0, 100.0], [2.0, 20.0, 200.0]) == 0.5
    assert paired([], [1.0]) is None


def test_a_quantile_is_a_value_that_occurred() -> None:
    from benchmarks.measure import quantile

    assert quantile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert quantile([3.0, 1.0, 2.0], 1.0) == 3.0


def test_the_ideal_of_the_mix_is_its_longest_chain_of_waits() -> None:
    from benchmarks.scenarios.mix import ideal_s

    assert ideal_s() == pytest.approx(2 + 0.2 + 2 + 0.4 + 2)


def test_growth_compares_rates_without_what_one_target_takes_too() -> None:
    from benchmarks.scenarios.growth import ratio

    # 100 targets in 1 s, 1,000 in 20 s, each besides half a second of start-up.
    assert ratio({1: 0.5, 100: 1.5, 1000: 20.5}, 100, 1000) == pytest.approx(0.5)
    assert ratio({1: 0.5, 100: 0.4, 1000: 20.5}, 100, 1000) is None


def test_a_further_target_costs_the_difference_of_two_peaks_over_that_of_their_sizes() -> None:
    from benchmarks.scenarios.memory import further_kib

    assert further_kib({1000: 30_000.0, 10_000: 48_000.0}, 1000, 10_000) == 2.0
    assert further_kib({1000: 30_000.0, 10_000: None}, 1000, 10_000) is None


def test_a_live_table_that_drew_nothing_or_failed_says_nothing() -> None:
    from benchmarks.measure import Cost
    from benchmarks.scenarios.table import spoiled

    well, badly = (Cost(wall_s=1, cpu_s=1, peak_kib=1, exit_code=code) for code in (0, 1))

    assert spoiled([well, well], [3]) is None
    assert spoiled([well, well], [0]) == "a run drew no frame"
    assert spoiled([well, badly], [3]) == "exit code 1 in 1 of 2 runs"


def test_the_mix_has_its_shares_and_no_long_stretch_of_one_rare_kind() -> None:
    from benchmarks.scenarios.mix import kinds

    script = kinds(1000)

    assert {kind: script.count(kind) for kind in script} == {
        "fast": 700,
        "slow": 100,
        "refused": 100,
        "hole": 50,
        "recover": 50,
    }
    assert all(script[at : at + 20].count("hole") < 5 for at in range(0, 1000, 20))


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_every_target_has_an_address_and_port_of_its_own(scheme: str) -> None:
    from benchmarks.loopback import ports_for, urls

    ports = list(range(5000, 5000 + ports_for(scheme, 1234)))
    listed = urls(scheme, ports, 1234)

    assert len({url.rpartition("/")[0] for url in listed}) == 1234


def test_a_table_is_aligned_markdown_with_dashes_for_what_is_not_known() -> None:
    from benchmarks.report import Table, markdown

    text = markdown(Table("T", ("name", "n"), (("a", 1234.0), ("bb", None))))

    assert text.splitlines()[2:] == [
        "| name |     n |",
        "| ---- | ----: |",
        "| a    | 1,234 |",
        "| bb   |     - |",
    ]


def test_the_plot_is_well_formed_whatever_the_names() -> None:
    from benchmarks.report import bars

    ElementTree.fromstring(bars([("<&>", [("a<b", 2.0), ("c", 0.0)])], "/s"))
