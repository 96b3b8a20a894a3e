"""How a target's fields come together from the layers below it."""

from collections.abc import Mapping
from typing import Any

BUILT_IN: dict[str, Any] = {"expect": {"status": "200-399"}, "warn": {"certificate_days": 14}}

# Within the mapping of this name (the target itself has none), giving one of these takes the
# place of the others in the layers below.
_ALTERNATIVES = {"": frozenset({"body", "json", "form"}), "auth": frozenset({"basic", "bearer"})}
_ANY_CASE = frozenset({"headers", "header"})


def merge(below: Mapping[str, Any], above: Mapping[str, Any], within: str = "") -> dict[str, Any]:
    """`below` with `above` laid over it: mappings merge deeply, lists and scalars replace.

    Header names merge whatever their case. Neither argument changes.
    """
    merged = dict(below)
    if within in _ANY_CASE:
        given = {key.lower(): key for key in above}
        merged = {key: below[key] for key in below if given.get(key.lower(), key) == key}
    elif (alternatives := _ALTERNATIVES.get(within)) and alternatives & above.keys():
        for key in alternatives - above.keys():
            merged.pop(key, None)
    for key, value in above.items():
        old = merged.get(key)
        if isinstance(value, dict) and isinstance(old, dict):
            value = merge(old, value, key)
        merged[key] = value
    return merged
