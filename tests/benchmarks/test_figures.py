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
