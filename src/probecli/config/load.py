"""From sources to a plan: everything that a run needs to know, or every mistake in it."""

from array import array
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from probecli.config.build import (
    Layer,
    layer_at,
    prototype,
    report_in,
    with_secrets,
)
from probecli.config.decode import decode, pruned
from probecli.config.file import FREE_PREFIX, GroupEntry, TargetFile
from probecli.config.mistake import ConfigError, KeyPath, Mistake, Report, quoted, suggestion
from probecli.config.opened import Opened
from probecli.config.settings import only_value, windows
from probecli.config.source import Document, Source, gather
from probecli.config.url import (
    from_shorthand,
    is_ordinary,
    kind_of,
    masked,
    problem_with,
    userinfo_span,
)
from probecli.model.plan import GateRule, Group, Plan
from probecli.model.target import Target
from probecli.text import one_line

_COMMAND_LINE = "command line"


def load(
    sources: Sequence[str],
    *,
    env: Mapping[str, str],
    stdin: Callable[[], bytes],
    cwd: Path,
) -> Plan:
    """The plan that the sources make together.

    A source is a YAML target file, a folder of them, a plain list of URLs (one a line, `#` starts
    a comment), `-` for either of the two files on standard input, or a URL. Raises ConfigError
    with every mistake in all of them.
    """
    gathered, mistakes = gather(sources, stdin=stdin, cwd=cwd)
    opened: list[Opened] = []
    for source in gathered:
        if isinstance(source, str) and opened and opened[-1].document is None:
            opened[-1].tree["targets"].append(source)
            continue
        one, faults = _open(source, env)
        opened.append(one)
        mistakes += faults
    loading = _Loading(opened)
    plan = loading.plan()
    for one in opened:
        mistakes += sorted(one.mistakes, key=lambda mistake: (mistake.line, mistake.column))
    if mistakes:
        raise ConfigError(mistakes)
    return replace(plan, config_sha256=_sha256(gathered))


def _open(source: Source, env: Mapping[str, str]) -> tuple[Opened, list[Mistake]]:
    if isinstance(source, str):
        opened = Opened(_COMMAND_LINE, None, None)
        opened.tree = {"targets": [source]}
        return opened, []
    if source.has_url_lines():
        lines, urls = array("I"), []
        for number, url in source.url_lines():
            lines.append(number)
            urls.append(url if "://" in url else from_shorthand(url) or url)
        opened = Opened(source.file, source, lines)
        opened.expand({"targets": urls}, env)
        return opened, []
    opened = Opened(source.file, source, None)
    return opened, _open_yaml(opened, source, env)


def _open_yaml(opened: Opened, document: Document, env: Mapping[str, str]) -> list[Mistake]:
    from probecli.config.yamltree import YamlError, read

    try:
        tree = read(document.text)
    except YamlError as error:
        for fault in error.faults:
            opened.fault(fault.line, fault.column, fault.path, fault.problem)
        return []
    if tree is None:
        hint = "`probecli init` writes one to start from"
        return [Mistake(document.file, 1, 1, "", f"the file holds no targets; {hint}")]
    if not isinstance(tree, dict):
        found = "a list; put `targets:` above it" if isinstance(tree, list) else "a text"
        opened.report((), f"a target file is a mapping with `targets:`, and this is {found}")
        return []
    opened.expand(tree, env)
    return []


def _sha256(sources: Sequence[Source]) -> str | None:
    documents = [source for source in sources if isinstance(source, Document)]
    if not documents:
        return None
    from hashlib import sha256

    digest = sha256()
    for document in documents:
        digest.update(document.content)
        digest.update(b"\0")
    return digest.hexdigest()


class _Loading:
    """The sources on their way to one plan."""

    def __init__(self, opened: list[Opened]) -> None:
        self._opened = opened
        self._files = [(one, _top_level(one)) for one in opened]
        self._groups: dict[str, tuple[GroupEntry, Layer | None, Opened]] = {}
        self._defaults: dict[int, tuple[Layer, ...]] = {}
        self._prototypes: dict[object, Target | None] = {}
        # What every bare http(s) URL of a source becomes, but for its name and URL.
        self._bare: dict[int, Target] = {}

    def plan(self) -> Plan:
        self._read_groups()
        self._read_defaults()
        targets = self._targets("targets")
        controls = self._targets("controls")
        used = dict.fromkeys(target.group for target in targets if target.group)
        titles = {name: entry.title or name for name, (entry, _, _) in self._groups.items()}
        groups = {name: name for name in used} | titles
        gates = {name: entry.gate for name, (entry, _, _) in self._groups.items()}
        return Plan(
            targets=tuple(targets),
            controls=tuple(controls),
            groups=tuple(
                Group(name=name, title=groups[name], gate=gates.get(name))
                for name in dict.fromkeys([*titles, *used])
            ),
            gate=only_value(self._files, "gate") or GateRule(),
            maintenance=tuple(
                windows(self._files, [target.name for target in targets], self._groups)
            ),
            vantage=only_value(self._files, "vantage"),
            history=only_value(self._files, "history"),
        )

    def _read_groups(self) -> None:
        for opened, file in self._files:
            for name, given in (file.groups if file else {}).items():
                entry, path = given or GroupEntry(), ("groups", name)
                if name in self._groups:
                    first, _, where = self._groups[name]
                    if first != entry:
                        place = where.place_text(path)
                        opened.report(path, f"the group {quoted(name)} is defined at {place} too")
                    continue
                layer = layer_at(opened, (*path, "defaults"), entry.defaults)
                self._groups[name] = entry, layer, opened
                if layer and "group" in layer.fields:
                    opened.report((*layer.path, "group"), "a group's defaults name no group")

    def _read_defaults(self) -> None:
        """Every file's defaults hold for all files; a file's own come last for its targets."""
        layers = [
            layer_at(opened, ("defaults",), file.defaults if file else None)
            for opened, file in self._files
        ]
        given = [layer for layer in layers if layer]
        for opened, own in zip(self._opened, layers, strict=True):
            self._defaults[id(opened)] = (*(one for one in given if one is not own), *_some(own))
        for layer in (*given, *(layer for _, layer, _ in self._groups.values() if layer)):
            for key in layer.fields.keys() & {"name", "url"}:
                problem = f"`{key}` belongs to a target, not to defaults"
                layer.opened.report((*layer.path, key), problem, key=True)
            prototype((layer,), None, report_in((layer,)))

    def _targets(self, section: str) -> list[Target]:
        targets: dict[str, Target | None] = {}
        # Where each of them was given, in their order: a file and an index, eight bytes in all,
        # because a list may be a million long.
        files, indexes = array("I"), array("I")
        twice: list[tuple[Opened, KeyPath, str]] = []
        for number, (opened, file) in enumerate(self._files):
            for index, raw in enumerate(getattr(file, section) if file else ()):
                path: KeyPath = (section, index)
                name, target = self._target(opened, path, raw)
                if name is None:
                    continue
                if name in targets:
                    same = target is not None and targets[name] == target
                    if same and (opened.is_list or section == "controls"):
                        continue
                    if not opened.is_list:
                        twice.append((opened, path, name))
                        continue
                    name = _free_name(name, targets)
                    target = replace(target, name=name) if target else None
                targets[name] = target
                files.append(number)
                indexes.append(index)
        order = {name: place for place, name in enumerate(targets)} if twice else {}
        for opened, path, name in twice:
            first = order[name]
            where = self._opened[files[first]], (section, indexes[first])
            self._report_twice(opened, path, name, where)
        return [target for target in targets.values() if target]

    def _report_twice(
        self, opened: Opened, path: KeyPath, name: str, first: tuple[Opened, KeyPath]
    ) -> None:
        where, at = first
        place = where.place_text((*at, "name") if _named(where, at) else at)
        own = (*path, "name") if _named(opened, path) else path
        opened.report(own, f"the name {quoted(name)} is already taken at {place}; names are unique")

    def _target(self, opened: Opened, path: KeyPath, raw: Any) -> tuple[str | None, Target | None]:
        """A target and its name; either is None when something is wrong with it."""
        if isinstance(raw, str) and (shared := self._bare.get(id(opened))) and is_ordinary(raw):
            return raw, replace(shared, name=raw, url=raw)
        if not isinstance(raw, str | dict):
            opened.report(path, "a target is a URL, or a mapping with `url`")
            return None, None
        given: dict[str, Any] = {"url": raw} if isinstance(raw, str) else raw
        own = layer_at(opened, path, given) or Layer({}, opened, path)
        layers = self._layers_below(opened, own)
        report = report_in((*layers, own))
        url = self._url(own, report)
        name = self._name(own, url, report)
        kind = kind_of(url) if url else None
        rest = {key: value for key, value in own.fields.items() if key not in ("name", "url")}
        local = opened.expansions_under(path)
        shareable = not any(at[0] not in ("name", "url") for at in local if at)
        key = (tuple(map(id, layers)), kind, repr(rest)) if shareable else None
        target = self._prototypes.get(key) if key else None
        if target is None and not (key in self._prototypes and not rest):
            bare = Layer(rest, opened, path)
            target = prototype((*layers, bare), kind, report)
            if key:
                self._prototypes[key] = target
        if target is None or not url or not name:
            return name, None
        if local or userinfo_span(url):
            return name, with_secrets(replace(target, name=name, url=url), (*layers, own))
        target = replace(target, name=name, url=url)
        if isinstance(raw, str) and is_ordinary(raw):
            self._bare[id(opened)] = target
        return name, target

    def _layers_below(self, opened: Opened, own: Layer) -> tuple[Layer, ...]:
        layers = self._defaults[id(opened)]
        candidates = (
            layer.fields["group"] for layer in reversed((*layers, own)) if layer.holds(("group",))
        )
        group = next(candidates, None)
        if group is None:
            return layers
        if str(group) in self._groups:
            return (*layers, *_some(self._groups[str(group)][1]))
        if self._groups and isinstance(group, str | int):
            hint = suggestion(str(group), self._groups)
            problem = f"the group {quoted(group)} is not among `groups`{hint}"
            report_in((*layers, own))(("group",), problem)
        return layers

    def _url(self, own: Layer, report: Report) -> str | None:
        url = own.fields.get("url")
        if url is None:
            report((), "`url` is missing")
        elif not isinstance(url, str):
            report(("url",), f"expected a URL, not {quoted(url)}")
        elif problem := problem_with(url):
            if own.opened.document is None:
                problem = f"{masked(one_line(url, 200), [])}: {problem}"
            report(("url",), problem)
        else:
            return url
        return None

    def _name(self, own: Layer, url: str | None, report: Report) -> str | None:
        name = own.fields.get("name")
        if name is None:
            expansion = own.opened.expansions_under(own.path).get(("url",))
            if not url or not expansion:
                return url and masked(url, [])
            from probecli.config.secret import url_secret_spans

            return masked(url, url_secret_spans(expansion))
        if isinstance(name, int) and not isinstance(name, bool):
            name = str(name)
        if not isinstance(name, str) or not name.strip():
            report(("name",), "a name is a text; if it is one, put it in quotes")
        elif one_line(name) != name or name != name.strip():
            report(("name",), "a name is one line without control characters or outer spaces")
        else:
            return name
        return None


def _top_level(opened: Opened) -> TargetFile | None:
    """The file's sections; what is wrong with one is reported, and the others are kept."""
    tree = {key: value for key, value in opened.tree.items() if not key.startswith(FREE_PREFIX)}
    if opened.is_list:
        return TargetFile(targets=tuple(tree.get("targets", ())))
    broken: set[KeyPath] = set()

    def report(path: KeyPath, problem: str, *, key: bool = False) -> None:
        broken.add(path)
        opened.report(path, problem, key=key)

    file = decode(tree, TargetFile, report)
    if file is not None:
        return file
    return decode(pruned(tree, broken), TargetFile, lambda *_, **__: None)


def _named(opened: Opened, path: KeyPath) -> bool:
    section = opened.tree.get(str(path[0]))
    raw = section[path[1]] if isinstance(section, list) and isinstance(path[1], int) else None
    return isinstance(raw, dict) and "name" in raw


def _free_name(name: str, taken: Collection[str]) -> str:
    number = 2
    while f"{name} ({number})" in taken:
        number += 1
    return f"{name} ({number})"


def _some(layer: Layer | None) -> tuple[Layer, ...]:
    return (layer,) if layer else ()
