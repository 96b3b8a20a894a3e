"""Where a history is kept: a file, or a database by its URL."""

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from probecli.history.fault import HistoryError, PlaceError

AUTO = "auto"
FILE_NAME = "history.sqlite"
_SERVERS = ("postgresql://", "postgres://")


class Place(Struct, frozen=True):
    """A file (`path`) or a PostgreSQL database (`url`); one of the two is set.

    `is_own` says that the folder is probecli's, and so made when it is missing.
    """

    path: Path | None = None
    url: str | None = None
    is_own: bool = False

    @property
    def name(self) -> str:
        """What to call it in messages: without the password, which may also stand in the query."""
        if self.url is None:
            return str(self.path)
        scheme, _, rest = self.url.partition("://")
        authority, slash, path = rest.partition("?")[0].partition("/")
        userinfo, at, host = authority.rpartition("@")
        return f"{scheme}://{userinfo.partition(':')[0]}{at}{host}{slash}{path}"


def place_of(text: str, env: Mapping[str, str]) -> Place:
    """The place that `--history`, PROBECLI_HISTORY or `history:` names.

    `auto` or nothing is `history.sqlite` in `$STATE_DIRECTORY` (systemd's), else in
    `$XDG_STATE_HOME/probecli`, else in `~/.local/state/probecli`.

    Raises:
        PlaceError: another kind of URL.
        HistoryError: `auto` without any of the three variables.
    """
    if text.strip() in ("", AUTO):
        return Place(path=_own_folder(env) / FILE_NAME, is_own=True)
    if text.startswith(_SERVERS):
        return Place(url="postgresql://" + text.partition("://")[2])
    if "://" in text:
        kind = text.partition("://")[0]
        raise PlaceError(
            f"a history is a file or a postgresql:// URL, not {kind}://; give --history PATH"
        )
    return Place(path=Path(text))


def _own_folder(env: Mapping[str, str]) -> Path:
    # systemd lists several folders with colons; the first is the unit's own.
    if Path(given := env.get("STATE_DIRECTORY", "").partition(":")[0]).is_absolute():
        return Path(given)
    if Path(given := env.get("XDG_STATE_HOME", "")).is_absolute():
        return Path(given, "probecli")
    if Path(home := env.get("HOME", "")).is_absolute():
        return Path(home, ".local", "state", "probecli")
    raise HistoryError(
        "no place for the history: HOME, XDG_STATE_HOME and STATE_DIRECTORY are not set; "
        "give --history PATH"
    )
