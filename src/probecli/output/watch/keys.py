"""Keys from the bytes that a terminal sends.

A terminal's keys follow the grammar of ECMA-48 section 5.4; this reads the grammar, names the few
keys that are used and drops the others whole, so that no unknown key falls apart into letters
that mean something.
"""

import codecs
import re

ESCAPE = "escape"
_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|O[@-~]|[^\[O\x1b])")
_BEGUN = re.compile(r"\x1b(?:\[[0-?]*[ -/]*|O)?\Z")
_NAMES = {
    "A": "up",
    "B": "down",
    "C": "right",
    "D": "left",
    "H": "home",
    "F": "end",
    "5~": "page-up",
    "6~": "page-down",
    "1~": "home",
    "4~": "end",
}
_CONTROLS = {
    "\r": "enter",
    "\n": "enter",
    "\x7f": "backspace",
    "\x08": "backspace",
    "\x15": "clear",
    "\x0c": "redraw",
}


class Keys:
    """Takes bytes as they come, gives keys: a name, or the character typed."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._rest = ""

    @property
    def waiting(self) -> bool:
        """Whether an escape came that may be a key of its own, or the begin of another."""
        return bool(self._rest)

    def feed(self, data: bytes) -> list[str]:
        """The keys that are complete with `data`."""
        text = self._rest + self._decoder.decode(data)
        self._rest = ""
        keys: list[str] = []
        at = 0
        while at < len(text):
            if text[at] != "\x1b":
                key = _CONTROLS.get(text[at], text[at])
                if len(key) > 1 or key.isprintable():
                    keys.append(key)
                at += 1
            elif found := _SEQUENCE.match(text, at):
                if (name := _NAMES.get(found.group()[2:])) is not None:
                    keys.append(name)
                at = found.end()
            elif _BEGUN.match(text, at):
                # No sequence is this long: whoever sends one has lost its end.
                self._rest = text[at:] if len(text) - at < 32 else ""
                break
            else:
                keys.append(ESCAPE)
                at += 1
        return keys

    def flush(self) -> list[str]:
        """What the escape was, now that nothing followed it."""
        alone, self._rest = self._rest == "\x1b", ""
        return [ESCAPE] if alone else []
