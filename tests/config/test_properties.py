"""Whatever stands in a target file: a plan or a ConfigError, and nothing else."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from probecli import config
from probecli.config.merge import merge
from probecli.config.mistake import KeyPath
from probecli.config.yamltree import places, read
from probecli.model.target import Expectations, Matcher, Retry, Target, Tls

STRUCTS = (Target, Expectations, Matcher, Retry, Tls)
WORDS = st.sampled_from(
    [
        *(name for struct in STRUCTS for name in struct.__struct_encode_fields__),
        *("version", "defaults", "controls", "groups", "gate", "maintenance", "targets"),
        *("title", "from", "until", "x-a"),
        *("https://h.fr/", "tcp://h:1", "${A}", "${", "200-399", "10s", "(", "$.a", "<<", "a: b"),
    ]
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | WORDS | st.text(max_size=8)
TREES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=5),
    max_leaves=25,
)
FILES = st.fixed_dictionaries(
    {"targets": st.lists(st.dictionaries(WORDS, TREES, max_size=6) | TREES, max_size=4)},
    optional=dict.fromkeys(
        ("defaults", "groups", "gate", "maintenance", "controls", "version"), TREES
    ),
)


def attempt(content: bytes) -> None:
    try:
        config.load(["-"], env={"A": "s3cret"}, stdin=lambda: content, cwd=Path("/nowhere"))
    except config.ConfigError as error:
        message = str(error)
    else:
        return
    assert message
    assert message.replace("\n", "").isprintable()


@given(st.binary(max_size=300))
@settings(max_examples=300, deadline=None)
def test_any_bytes_load_or_are_refused(content: bytes) -> None:
    attempt(content)


@given(st.text(alphabet="abt:-[]{}'\"&*!|>%@`#? \n\t\r${}<", max_size=80))
@settings(max_examples=500, deadline=None)
def test_any_yaml_like_text_loads_or_is_refused(text: str) -> None:
    attempt(text.encode())


@given(FILES | TREES)
@settings(max_examples=150, deadline=None)
def test_any_structure_loads_or_is_refused(tree: Any) -> None:
    attempt(yaml.safe_dump(tree, allow_unicode=True).encode(errors="replace"))


MAPPINGS = st.recursive(
    st.integers() | st.lists(st.integers(), max_size=2),
    lambda inner: st.dictionaries(st.sampled_from("abcd"), inner, max_size=3),
).filter(lambda tree: isinstance(tree, dict))


@given(MAPPINGS, MAPPINGS)
def test_merging_keeps_all_of_the_upper_layer_and_what_it_leaves_of_the_lower(
    below: dict[str, Any], above: dict[str, Any]
) -> None:
    merged = merge(below, above)
    assert merge(merged, above) == merged
    assert merge(below, {}) == below
    assert merge({}, above) == above
    assert merged.keys() == below.keys() | above.keys()
    assert all(merged[key] == above[key] for key in above if not isinstance(above[key], dict))
    assert all(merged[key] == below[key] for key in below.keys() - above.keys())


@given(st.integers(0, 10**9), st.sampled_from([("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600)]))
def test_a_duration_is_its_number_times_its_unit(number: int, unit: tuple[str, float]) -> None:
    assert config.parse_duration(f"{number}{unit[0]}") == pytest.approx(number * unit[1])


@given(
    st.integers(0, 10**9), st.sampled_from([("", 1), ("KiB", 1024), ("MiB", 1024**2), ("kB", 1000)])
)
def test_a_size_is_its_number_times_its_unit(number: int, unit: tuple[str, int]) -> None:
    assert config.parse_size(f"{number}{unit[0]}") == number * unit[1]


@given(st.lists(st.tuples(st.integers(100, 999), st.integers(0, 50)), min_size=1, max_size=5))
def test_statuses_come_back_as_they_are_written(pairs: list[tuple[int, int]]) -> None:
    statuses = config.parse_statuses([f"{low}-{min(low + more, 999)}" for low, more in pairs])
    assert config.parse_statuses(str(statuses)) == statuses
    assert all(low in statuses for low, _ in pairs)


@pytest.mark.parametrize("raw", ["", "5x", "-1s", "1s 2", -1, True, None, float("nan"), [], "1e3"])
def test_what_is_no_duration_is_refused(raw: object) -> None:
    with pytest.raises(ValueError, match="expected a duration"):
        config.parse_duration(raw)


@given(TREES)
@settings(deadline=None)
def test_everything_that_is_read_has_a_place(tree: Any) -> None:
    text = yaml.safe_dump({"top": tree}, allow_unicode=True)
    try:
        value = read(text)
    except Exception:
        return
    found = places(text)

    def walk(value: Any, path: KeyPath) -> None:
        at = found.find(path)
        assert at is not None
        line, column = found.values[at]
        assert line >= 1
        assert column >= 1
        if isinstance(value, list):
            value = dict(enumerate(value))
        for key, item in value.items() if isinstance(value, dict) else ():
            walk(item, (*path, key))

    walk(value, ())
