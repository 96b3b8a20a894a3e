"""A row of the table of faults, and how to bring it to life."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from faults.certificates import places
from faults.server import Serve
from probecli.model.cause import State

_BASE: Mapping[str, Any] = {
    "url": "http://127.0.0.1:{port}/",
    "timeout": "5s",
    "retry": {"attempts": 1},
}


@dataclass(frozen=True)
class Fault:
    """What goes wrong, how it is made, and what it must be called.

    `target` holds fields of a target as in the target file; `{port}` and the like in its texts
    are filled in with what `serve` yields and with the files of `faults.certificates.places`.
    `words` must occur in the detail, case aside. `note` tells a reader of the documentation what
    the row stands for. `ipv6` rows need `::1` on this machine.
    """

    name: str
    state: State
    cause: str | None
    serve: Serve
    target: Mapping[str, Any] = field(default_factory=dict)
    words: str = ""
    note: str = ""
    ipv6: bool = False


@contextmanager
def running_target(fault: Fault) -> Iterator[dict[str, Any]]:
    """The target that meets `fault`, as a mapping of the target file, while its servers run."""
    with fault.serve() as served:
        known = {**places(), **served}
        yield {"name": fault.name, **_filled({**_BASE, **fault.target}, known)}


@contextmanager
def running(fault: Fault) -> Iterator[str]:
    """The URL that meets `fault`, for any client, while its servers run."""
    with running_target(fault) as target:
        yield target["url"]


def merged(*parts: Mapping[str, Any]) -> dict[str, Any]:
    """Target fields laid over each other, mappings deeply, as the target file does."""
    whole: dict[str, Any] = {}
    for part in parts:
        for key, value in part.items():
            below = whole.get(key)
            if isinstance(below, Mapping) and isinstance(value, Mapping):
                value = merged(below, value)
            whole[key] = value
    return whole


def _filled(value: Any, known: Mapping[str, object]) -> Any:
    match value:
        case str():
            for key, replacement in known.items():
                value = value.replace("{" + key + "}", str(replacement))
            return value
        case Mapping():
            return {key: _filled(item, known) for key, item in value.items()}
        case list():
            return [_filled(item, known) for item in value]
        case _:
            return value
