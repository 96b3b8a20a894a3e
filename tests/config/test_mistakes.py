"""Each file in testdata/ is wrong in the way its name says; the .txt beside it says how."""

import time
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from probecli import config
from probecli.config.yamltree import YamlError, read

TESTDATA = Path(__file__).parent / "testdata"
ENVIRONMENT = {"TOKEN": "hunter2secret", "EMPTY": ""}
FILES = sorted(TESTDATA.glob("*.yaml"))


def error_of(source: str, cwd: Path = TESTDATA, stdin: bytes = b"") -> config.ConfigError:
    with pytest.raises(config.ConfigError) as caught:
        config.load([source], env=ENVIRONMENT, stdin=lambda: stdin, cwd=cwd)
    return caught.value


def expected_of(file: Path) -> list[str]:
    text = file.with_suffix(".txt").read_text()
    return text.replace("{testdata}", str(TESTDATA)).splitlines()


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_wrong_file_is_told_as_written_beside_it(file: Path) -> None:
    expected = [line for line in expected_of(file) if not line.startswith("schema:")]
    told = [
        f"{mistake.line}:{mistake.column}: {mistake.path}: {mistake.problem}"
        for mistake in error_of(file.name).mistakes
    ]
    assert told == expected


def test_a_name_that_another_file_took_is_told_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "urls.txt").write_text("# ours\nhttps://example.com/\nhttps://example.org/\n")
    (tmp_path / "more.yaml").write_text("targets: ['https://example.org/']\n")
    with pytest.raises(config.ConfigError) as caught:
        config.load(["urls.txt", "more.yaml"], env={}, stdin=lambda: b"", cwd=tmp_path)
    (mistake,) = caught.value.mistakes
    assert "is already taken at urls.txt:3:1;" in mistake.problem


def is_yaml(file: Path) -> bool:
    try:
        read(file.read_text())
    except YamlError:
        return False
    return True


@pytest.mark.parametrize("file", list(filter(is_yaml, FILES)), ids=lambda file: file.stem)
def test_the_schema_refuses_what_it_can_see(file: Path) -> None:
    tree = read(file.read_text())
    refused = not Draft202012Validator(config.schema()).is_valid(tree)
    assert refused == ("schema: cannot see it" not in expected_of(file))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_no_message_shows_a_secret(file: Path) -> None:
    assert "hunter2" not in str(error_of(file.name))


def test_a_mistake_shows_its_line_with_a_caret_under_it() -> None:
    assert str(error_of("misspelt-target-key.yaml")) == (
        "misspelt-target-key.yaml:3:5: targets[0].tiemout: `tiemout` is no field here; "
        "did you mean `timeout`?\n"
        "     3 |     tiemout: 3s\n"
        "       |     ^"
    )


def test_a_password_in_the_clear_is_masked_in_the_source_line_and_the_caret_still_fits() -> None:
    text = b"targets:\n  - {url: 'https://a:hunter2@h.fr/', auth: {bearer: hunter2}, tmeout: 1s}\n"
    message = str(error_of("-", stdin=text))
    head, line, caret = message.splitlines()
    assert "hunter2" not in message
    assert line[caret.index("^") :].startswith("tmeout")
    assert head.startswith("stdin:2:")


def test_a_long_line_is_clipped_around_its_caret() -> None:
    filler = ", ".join(f"t{number}" for number in range(200))
    text = f"targets:\n  - {{url: https://h.fr/, tags: [{filler}], tmeout: 1s, name: x}}\n"
    _, line, caret = str(error_of("-", stdin=text.encode())).splitlines()
    assert len(line) < 120
    assert line[caret.index("^") :].startswith("tmeout")


def test_control_characters_of_a_source_line_reach_nobody() -> None:
    text = 'targets:\n  - {url: https://h.fr/, tmeout: "\u202e\u2066x"}\n'
    assert str(error_of("-", stdin=text.encode())).replace("\n", "").isprintable()


def test_more_than_fifty_mistakes_are_counted_and_not_shown() -> None:
    text = "targets:\n" + "".join(f"  - htps://h{number}.fr/\n" for number in range(60))
    error = error_of("-", stdin=text.encode())
    assert len(error.mistakes) == 60
    assert str(error).endswith("\nand 10 more")


def test_the_mistakes_of_several_files_are_told_together(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("targets: [htps://h.fr/]\n")
    (tmp_path / "b.yaml").write_text("tragets: []\n")
    assert [mistake.file for mistake in error_of(".", tmp_path).mistakes] == ["a.yaml", "b.yaml"]


def test_the_same_name_in_two_files_cites_both_places(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("targets: [{name: x, url: https://a.fr/}]\n")
    (tmp_path / "b.yaml").write_text("targets:\n  - {name: x, url: https://b.fr/}\n")
    message = str(error_of(".", tmp_path))
    assert message.startswith("b.yaml:2:12: targets[0].name:")
    assert "a.yaml:1:18" in message


BYTES = {
    "utf-16": ("targets: []".encode("utf-16"), "UTF-16"),
    "latin-1": ("targets: []\n# é".encode("latin-1"), "2:3: the byte 0xe9 is no UTF-8"),
    "binary": (bytes(range(256)), "is no UTF-8"),
    "nul": (b"targets:\n  - a\0b", "2:6: the control character"),
    "nesting": (b"[" * 300_000, "nested more than 64 levels"),
    "block nesting": (b"- " * 300_000, "nested more than 64 levels"),
    "50 MB": (b"nonsense: " * 5_000_000, "over 32 MiB, the most for a YAML file"),
}


@pytest.mark.parametrize(("content", "words"), BYTES.values(), ids=BYTES)
def test_nonsense_is_refused_in_bounded_time(content: bytes, words: str) -> None:
    started = time.process_time()
    assert words in str(error_of("-", stdin=content))
    assert time.process_time() - started < 30


def test_a_plain_list_of_urls_may_be_longer_than_a_yaml_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("probecli.config.source.MAX_YAML_BYTES", 1000)
    monkeypatch.setattr("probecli.config.source.MAX_LIST_BYTES", 2000)
    urls = [f"http://h{number:03}.fr/path" for number in range(120)]
    lists = {size: "\n".join(["# all of them", *urls[:size]]) for size in (60, 120)}
    yaml = "targets:\n" + "".join(f"  - {url}\n" for url in urls[:60])
    for name, text in (("long", lists[60]), ("longer", lists[120]), ("yaml", yaml)):
        (tmp_path / name).write_text(text)

    plan = config.load(["long"], env=ENVIRONMENT, stdin=bytes, cwd=tmp_path)

    assert [target.url for target in plan.targets] == urls[:60]
    assert "longer: over 0 MiB, the most for a list of URLs; split it" in str(
        error_of("longer", tmp_path)
    )
    assert "a plain list of URLs, one a line, which may have" in str(error_of("yaml", tmp_path))


def test_too_many_values_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("probecli.config.yamltree.MAX_NODES", 1000)
    assert "more than 1,000 values" in str(error_of("-", stdin=b"- a\n" * 1001))


SOURCES = {
    "nowhere.yaml": "nowhere.yaml: no such file or folder, and no URL",
    "a\0b": "no such file or folder",
    "empty-folder": "empty-folder: the folder holds no *.yaml and no *.yml file",
    "htps://h.fr/": "command line: htps://h.fr/: the scheme `htps` is unknown",
    "https://u:hunter2@h.fr:0/": "command line: https://***@h.fr:0/: a port is a number",
}


@pytest.mark.parametrize(("source", "words"), SOURCES.items())
def test_a_source_that_cannot_be_used_is_told(tmp_path: Path, source: str, words: str) -> None:
    (tmp_path / "empty-folder").mkdir()
    assert words in str(error_of(source, tmp_path))


def test_an_unreadable_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "loop.yaml").symlink_to("loop.yaml")
    (tmp_path / "folder.yaml").mkdir()
    message = str(error_of(".", tmp_path))
    assert "folder.yaml: cannot be read" in message
