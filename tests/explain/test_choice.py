"""A word on the command line means one target, several, or none."""

import pytest

from probecli.explain.choice import chosen, suggestions
from probecli.model.target import Target

TARGETS = [
    Target(name=name, url=f"https://{number}.test/")
    for number, name in enumerate(["web", "web-api", "Mail", "a[b]", "shop-api"])
]


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ("web", ["web"]),
        ("web*", ["web", "web-api"]),
        ("*-api", ["web-api", "shop-api"]),
        ("web-", ["web-api"]),
        ("WE", ["web", "web-api"]),
        ("mail", ["Mail"]),
        ("a[b]", ["a[b]"]),
        ("https://3.test/", ["a[b]"]),
        ("https://3.test", ["a[b]"]),
        ("nothing", []),
    ],
)
def test_whole_names_beat_globs_and_globs_beat_beginnings(asked: str, names: list[str]) -> None:
    assert [one.name for one in chosen(asked, TARGETS)] == names


def test_a_misspelt_name_is_suggested_and_so_is_a_part_of_one() -> None:
    assert suggestions("wbe-api", TARGETS)[0] == "web-api"
    assert suggestions("api", TARGETS) == ("web-api", "shop-api")
    assert suggestions("zzz", TARGETS) == ()
