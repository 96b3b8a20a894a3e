import json

from hypothesis import given
from hypothesis import strategies as st

from cli.conftest import Server, probecli
from probecli.cli.plan import shard_of
from probecli.model.plan import Plan
from probecli.model.target import Target

NAMES = st.lists(st.text(min_size=1, max_size=5), min_size=1, max_size=40, unique=True)


def plan_of(names: list[str]) -> Plan:
    return Plan(targets=tuple(Target(name=name, url="http://host.example/") for name in names))


def shards_of(names: list[str], count: int) -> list[list[str]]:
    """The names in each shard of `count`, at most as many as there are names."""
    plan = plan_of(names)
    parts = [shard_of(plan, f"{part}/{count}") for part in range(1, count + 1)]
    return [[target.name for target in part.targets] for part in parts]


@given(NAMES, st.data())
def test_shards_are_equal_parts_in_the_order_of_the_list(
    names: list[str], data: st.DataObject
) -> None:
    parts = shards_of(names, data.draw(st.integers(1, len(names))))
    assert sorted(name for part in parts for name in part) == sorted(names)
    assert max(map(len, parts)) - min(map(len, parts)) <= 1
    assert all(part == sorted(part, key=names.index) for part in parts)


@given(st.lists(st.text(), min_size=2, max_size=40, unique=True), st.data())
def test_one_more_target_moves_one_across_each_cut_at_most(
    names: list[str], data: st.DataObject
) -> None:
    _, *known = names
    count = data.draw(st.integers(1, len(known)))
    before = shards_of(known, count)
    after = shards_of(data.draw(st.permutations(names)), count)
    moved = [set(then) - set(now) for then, now in zip(before, after, strict=True)]
    assert sum(map(len, moved)) < count


def test_a_hosts_neighbours_spread_over_the_shards() -> None:
    names = [f"host-{number // 50} {number}" for number in range(150)]
    for part in shards_of(names, 3):
        assert {name.split()[0] for name in part} == {"host-0", "host-1", "host-2"}


def test_shards_are_the_whole_without_overlap(server: Server) -> None:
    urls = [f"{server.url}/200?{number}" for number in range(12)]
    seen: list[str] = []
    for part in ("1/3", "2/3", "3/3"):
        snapshot = json.loads(probecli("check", *urls, "--shard", part, "-o", "json").stdout)
        assert snapshot["run"]["shard"] == part
        seen += [one["name"] for one in snapshot["targets"]]
    assert sorted(seen) == sorted(urls)
    assert probecli("check", *urls, "--shard", "4/3").returncode == 2
    empty = probecli("check", urls[0], "--shard", "1/2")
    assert empty.returncode == 5
    assert "no more shards than there are targets" in empty.stderr
