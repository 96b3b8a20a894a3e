from pathlib import Path

import pytest

from probecli.history.fault import HistoryError, PlaceError
from probecli.history.place import place_of


@pytest.mark.parametrize(
    ("env", "path"),
    [
        ({"HOME": "/h"}, "/h/.local/state/probecli/history.sqlite"),
        ({"HOME": "/h", "XDG_STATE_HOME": "/s"}, "/s/probecli/history.sqlite"),
        ({"HOME": "/h", "XDG_STATE_HOME": "relative"}, "/h/.local/state/probecli/history.sqlite"),
        ({"STATE_DIRECTORY": "/var/p:/b", "HOME": "/h"}, "/var/p/history.sqlite"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("text", ["auto", ""])
def test_auto_is_the_usual_place_of_state(text: str, env: dict[str, str], path: str) -> None:
    assert place_of(text, env).path == Path(path)


def test_without_a_home_auto_says_what_to_give() -> None:
    with pytest.raises(HistoryError, match="give --history PATH"):
        place_of("auto", {})


def test_another_kind_of_url_is_refused() -> None:
    with pytest.raises(PlaceError, match="not mysql://"):
        place_of("mysql://h/d", {})


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("postgres://u:secret@h:5432/d", "postgresql://u@h:5432/d"),
        ("postgresql://u:se@cret@h/d?password=secret", "postgresql://u@h/d"),
        ("postgresql:///d?host=/run", "postgresql:///d"),
    ],
)
def test_a_password_is_never_in_the_name(url: str, name: str) -> None:
    assert place_of(url, {}).name == name
