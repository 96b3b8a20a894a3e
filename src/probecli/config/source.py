"""From arguments to texts: files, folders, standard input and bare URLs."""

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from probecli.config.mistake import Mistake, quoted
from probecli.config.url import from_shorthand

MAX_YAML_BYTES = 32 * 1024 * 1024
# A million URLs of 250 characters; they are read line by line, at a fraction of YAML's cost.
MAX_LIST_BYTES = 256 * 1024 * 1024
TARGET_FILE = "targets.yaml"
_YAML_SUFFIXES = frozenset({".yaml", ".yml"})
_URL_LINE = r"[A-Za-z][A-Za-z0-9+.-]*://\S+|\$\{[^\s:]+\}\S*"
_FIRST_LINE = r"(?m)^[^\S\n]*+[^\s#].*"
_COMMENT = r"(?:^|\s)#.*"


class Document(Struct, frozen=True):
    """A text with targets: `file` is its name for the reader, paths in it start from `base`."""

    file: str
    text: str
    base: Path
    content: bytes

    def has_url_lines(self) -> bool:
        """Whether this is a plain list of URLs, one a line, rather than YAML."""
        first = re.search(_FIRST_LINE, self.text)
        words = re.sub(_COMMENT, "", first[0]).strip() if first else ""
        return bool(re.fullmatch(_URL_LINE, words)) or from_shorthand(words) is not None

    def url_lines(self) -> Iterator[tuple[int, str]]:
        """The number (from 1) and the URL of every line that holds one."""
        for number, line in enumerate(self.text.splitlines(), 1):
            if "#" in line:
                line = re.sub(_COMMENT, "", line)
            if url := line.strip():
                yield number, url


Source = Document | str


def default_sources(env: Mapping[str, str], cwd: Path) -> list[str]:
    """The target file to use when none is named: `targets.yaml` here, else the user's own.

    The user's own is `$XDG_CONFIG_HOME/probecli/targets.yaml`, by default under `~/.config`.
    Empty when there is neither.
    """
    if (cwd / TARGET_FILE).exists():
        return [TARGET_FILE]
    folder = env.get("XDG_CONFIG_HOME", "")
    if not Path(folder).is_absolute():
        home = env.get("HOME", "")
        folder = f"{home}/.config" if home else ""
    path = Path(folder, "probecli", TARGET_FILE)
    return [str(path)] if folder and _exists(path) else []


def gather(
    sources: Sequence[str], *, stdin: Callable[[], bytes], cwd: Path
) -> tuple[list[Source], list[Mistake]]:
    """Every source in order, read: a Document for a text, a str for a URL; and what failed.

    A folder stands for its `*.yaml` and `*.yml`, sorted, without sub-folders and hidden files.
    A thing that exists as a path is a path. The same file is read once.
    """
    gathered: list[Source] = []
    mistakes: list[Mistake] = []
    seen: set[Path] = set()
    for source in sources:
        try:
            files = _files_of(source, cwd)
        except _Unusable as unusable:
            mistakes.append(unusable.mistake)
            continue
        for file, path in files:
            if path is None:
                gathered.append(file)
            elif path not in seen:
                seen.add(path)
                try:
                    content = _read(path, file) if source != "-" else stdin()
                    gathered.append(_document(file, content, cwd if source == "-" else path.parent))
                except _Unusable as unusable:
                    mistakes.append(unusable.mistake)
    return gathered, mistakes


class _Unusable(Exception):
    def __init__(self, file: str, problem: str, line: int = 0, column: int = 0) -> None:
        self.mistake = Mistake(file, line, column, "", problem)


def _files_of(source: str, cwd: Path) -> list[tuple[str, Path | None]]:
    if source == "-":
        return [("stdin", Path("-"))]
    if "://" in source:
        return [(source, None)]
    path = cwd / source
    if not _exists(path):
        url = from_shorthand(source)
        if url is None:
            raise _Unusable(quoted(source, 200)[1:-1] or "''", "no such file or folder, and no URL")
        return [(url, None)]
    if not path.is_dir():
        return [(source, _real(path))]
    try:
        names = sorted(entry.name for entry in path.iterdir())
    except OSError as error:
        raise _Unusable(source, f"cannot be read: {error.strerror}") from None
    files: list[tuple[str, Path | None]] = [
        (str(Path(source, name)), _real(path / name))
        for name in names
        if Path(name).suffix in _YAML_SUFFIXES and not name.startswith(".")
    ]
    if not files:
        raise _Unusable(source, "the folder holds no *.yaml and no *.yml file")
    return files


def _real(path: Path) -> Path:
    # Path.resolve raises on a loop of links; the reading says it better.
    return Path(os.path.realpath(path))


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def _read(path: Path, file_name: str) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_LIST_BYTES + 1)
    except OSError as error:
        raise _Unusable(file_name, f"cannot be read: {error.strerror}") from None


def _document(file: str, content: bytes, base: Path) -> Document:
    if len(content) > MAX_LIST_BYTES:
        problem = f"over {_mib(MAX_LIST_BYTES)}, the most for a list of URLs; split it"
        raise _Unusable(file, problem)
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _Unusable(file, "this is UTF-16; save it as UTF-8", 1, 1)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8", "replace")
        line = before.count("\n") + 1
        column = len(before) - before.rfind("\n")
        problem = f"the byte 0x{content[error.start]:02x} is no UTF-8; save the file as UTF-8"
        raise _Unusable(file, problem, line, column) from None
    document = Document(file, text, base, content)
    if len(content) > MAX_YAML_BYTES and not document.has_url_lines():
        most, lines = _mib(MAX_YAML_BYTES), _mib(MAX_LIST_BYTES)
        hint = f"split it, or write a plain list of URLs, one a line, which may have {lines}"
        raise _Unusable(file, f"over {most}, the most for a YAML file; {hint}")
    return document


def _mib(count: int) -> str:
    return f"{count // 1024**2} MiB"
