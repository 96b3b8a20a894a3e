"""What the terminal can show, and what its user wants of it."""

from collections.abc import Mapping

from msgspec import Struct

_OFF = frozenset({"", "0", "false", "no"})


class Terminal(Struct, frozen=True, kw_only=True):
    """Facts about where an output is read; `live` allows redrawing."""

    is_terminal: bool = False
    color: bool = False
    live: bool = False
    encoding: str = "utf-8"

    @property
    def unicode(self) -> bool:
        """Whether more signs than ASCII can be shown."""
        return self.encoding.lower().replace("-", "").replace("_", "").startswith("utf")

    def encode(self, text: str) -> bytes:
        """`text` for its readers; what the encoding lacks becomes a visible escape."""
        return text.encode(self.encoding, "backslashreplace")


def _wants_color(env: Mapping[str, str], *, is_terminal: bool, color: bool | None) -> bool:
    if color is not None:
        return color
    if env.get("NO_COLOR"):
        return False
    if env.get("FORCE_COLOR"):
        return env["FORCE_COLOR"].lower() not in _OFF
    return is_terminal and env.get("TERM", "") not in {"", "dumb"}


def terminal_facts(
    env: Mapping[str, str],
    *,
    is_terminal: bool,
    color: bool | None = None,
    encoding: str = "utf-8",
) -> Terminal:
    """Decide about colour and redrawing from the environment.

    `color` is the command line's word and beats `NO_COLOR` (no-color.org: set and not empty),
    `FORCE_COLOR`, `TERM=dumb` and the terminal, in this order. `CI` forbids redrawing, not
    colour.
    """
    return Terminal(
        is_terminal=is_terminal,
        color=_wants_color(env, is_terminal=is_terminal, color=color),
        live=(
            is_terminal
            and env.get("TERM", "") not in {"", "dumb", "unknown"}
            and env.get("CI", "").lower() in _OFF
        ),
        encoding=encoding,
    )
