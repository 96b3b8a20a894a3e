"""One target from its layers, with its mistakes told where they were written."""

from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from probecli.config.decode import decode, pruned
from probecli.config.merge import BUILT_IN, merge
from probecli.config.mistake import KeyPath, Report
from probecli.config.opened import Opened
from probecli.config.rules import (
    EXPECTATIONS_BY_KIND,
    NOT_INHERITED,
    problems,
    problems_of_kind,
)
from probecli.config.variables import Expansion
from probecli.model.target import Expectations, Kind, Target

_HIDDEN = frozenset({"secrets"})
_TLS_FILES = ("ca_file", "cert_file", "key_file", "crl_file")


class Layer(Struct, frozen=True):
    """Some of a target's fields, as given in one place."""

    fields: dict[str, Any]
    opened: Opened
    path: KeyPath

    def holds(self, path: KeyPath) -> bool:
        """Whether this layer gives something at `path`."""
        value: Any = self.fields
        for key in path:
            is_index = isinstance(value, list) and isinstance(key, int) and key < len(value)
            if not is_index and not (isinstance(value, dict) and key in value):
                return False
            value = value[key]
        return True


def layer_at(opened: Opened, path: KeyPath, fields: Any) -> Layer | None:
    """The layer at `path` of a source, None when it is no mapping or gives nothing."""
    if not isinstance(fields, dict) or not fields:
        return None
    tls = fields.get("tls")
    if isinstance(tls, dict) and opened.document:
        base = opened.document.base
        files = {
            key: str(base / Path(tls[key]).expanduser())
            for key in _TLS_FILES
            if isinstance(tls.get(key), str) and "\0" not in tls[key]
        }
        fields = fields | {"tls": tls | files}
    return Layer(fields, opened, path)


def prototype(layers: tuple[Layer, ...], kind: Kind | None, report: Report) -> Target | None:
    """The target that the layers make, under a stand-in name and URL; None after a mistake.

    The last layer is the target's own. Without a `kind` (for defaults) what only some kinds know
    is left in.
    """
    merged = merge(BUILT_IN, {})
    for layer in layers:
        merged = merge(merged, layer.fields)
    merged |= {"name": "-", "url": "http://localhost/"}
    wrong: list[KeyPath] = []

    def note(path: KeyPath, problem: str, *, key: bool = False) -> None:
        wrong.append(path)
        report(path, problem, key=key)

    target = decode(merged, Target, note, _HIDDEN)
    # What is wrong with one field hides nothing about the others.
    judged = target or decode(pruned(merged, wrong), Target, _ignore, _HIDDEN)
    own = layers[-1].fields if layers else {}
    for path, problem in problems_of_kind(own, kind) if kind else ():
        note(path, problem)
    # What is left of a mapping after its wrong keys were taken out is not judged as a whole.
    broken = {path[:end] for path in wrong for end in range(len(path) + 1)}
    for path, problem in problems(judged) if judged else ():
        if path not in broken:
            note(path, problem)
    if target is None or wrong:
        return None
    if kind and kind != "http":
        target = replace(
            target,
            expect=_of_kind(target.expect, kind, own.get("expect")),
            warn=_of_kind(target.warn, kind, own.get("warn")),
        )
    return with_secrets(target, layers)


def with_secrets(target: Target, layers: tuple[Layer, ...]) -> Target:
    """The target with every form of its secrets, those in its URL included."""
    expansions = expansions_of(layers)
    if not (expansions or target.auth or target.proxy or target.headers or "@" in target.url):
        return target
    from probecli.config.secret import secrets_of

    return replace(target, secrets=secrets_of(target, expansions))


def report_in(layers: tuple[Layer, ...]) -> Report:
    """A report that points at the uppermost layer which gives what is wrong."""

    def report(path: KeyPath, problem: str, *, key: bool = False) -> None:
        for end in range(len(path), 0, -1):
            for layer in reversed(layers):
                if layer.holds(path[:end]):
                    layer.opened.report((*layer.path, *path), problem, key=key)
                    return
        layers[-1].opened.report((*layers[-1].path, *path), problem, key=key)

    return report


def expansions_of(layers: tuple[Layer, ...]) -> dict[KeyPath, Expansion]:
    """The texts with references in all layers; one that a higher layer replaces stays secret."""
    found: dict[KeyPath, Expansion] = {}
    for number, layer in enumerate(layers):
        for path, expansion in layer.opened.expansions_under(layer.path).items():
            found[path if path not in found else (*path, number)] = expansion
    return found


def _ignore(path: KeyPath, problem: str, *, key: bool = False) -> None:
    """Takes a mistake that is known already."""


def _of_kind(expectations: Expectations, kind: Kind, own: Any) -> Expectations:
    """The expectations without those, inherited, that mean nothing for the kind."""
    given = own.keys() if isinstance(own, dict) else frozenset()
    kept = EXPECTATIONS_BY_KIND[kind] - (NOT_INHERITED.get(kind, frozenset()) - given)
    dropped = dict.fromkeys(set(Expectations.__struct_fields__) - kept)
    return replace(expectations, **dropped)
