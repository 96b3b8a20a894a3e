"""The examples of docs/ci.md, each checked with the schema or linter of its service."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema.validators import validator_for

from probecli.cli.app import COMMANDS, Commands
from probecli.output import diff
from probecli.output.formats import FORMATS

PAGE = (Path(__file__).parents[1] / "docs" / "ci.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def blocks(language: str, mark: str = "") -> list[str]:
    found = [text for name, text in BLOCKS if name == language and mark in text]
    assert found
    return found


class _Workflow(yaml.SafeLoader):
    """YAML 1.2 as GitHub reads it, where `on` is no boolean."""


_Workflow.yaml_implicit_resolvers = {
    first: [(tag, regexp) for tag, regexp in resolvers if tag != "tag:yaml.org,2002:bool"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def schema(name: str) -> Any:
    pytest.importorskip("check_jsonschema", reason="needs the schemas of check-jsonschema")
    folder = resources.files("check_jsonschema") / "builtin_schemas" / "vendor"
    return json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("mark", "name"),
    [(".github/workflows/", "github-workflows"), (".gitlab-ci.yml", "gitlab-ci")],
)
def test_pipelines_fit_the_schema_of_their_service(mark: str, name: str) -> None:
    expected = schema(name)
    for text in blocks("yaml", mark):
        document = yaml.load(text, Loader=_Workflow)
        validator_for(expected)(expected).validate(document)


def test_alerts_name_metrics_that_there_are() -> None:
    (text,) = blocks("yaml", "rules.yml")
    known = set(re.findall(r"^\| `(prob\w+)` ", PAGE, re.MULTILINE))
    for rule in yaml.safe_load(text)["groups"][0]["rules"]:
        assert set(re.findall(r"\bprob\w+", rule["expr"])) <= known


def commands() -> list[list[str]]:
    """Every call of probecli in the examples, without `probecli`."""
    found = []
    for _, text in BLOCKS:
        for call in re.findall(r"\bprobecli ((?:check|diff|merge|wait)\b[^\n)]*)", text):
            words = shlex.split(call, comments=True)
            found.append(words[: words.index("2>&1")] if "2>&1" in words else words)
    return found


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_every_command_of_the_examples_exists_with_its_options(words: list[str]) -> None:
    assert words[0] in COMMANDS
    command = Commands(name="probecli").get_command(None, words[0])
    context = command.make_context(words[0], words[1:], resilient_parsing=False)
    known = FORMATS if words[0] != "diff" else diff.FORMATS
    for output in context.params.get("output") or ():
        assert output.partition("=")[0] in known


@pytest.mark.skipif(not shutil.which("crontab"), reason="needs cron")
def test_the_crontab_is_accepted_by_cron(tmp_path: Path) -> None:
    (text,) = blocks("crontab")
    (tmp_path / "crontab").write_text(text)
    done = subprocess.run(
        ["crontab", "-n", str(tmp_path / "crontab")], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd")
def test_the_units_are_accepted_by_systemd(tmp_path: Path) -> None:
    units = []
    for text in blocks("ini"):
        name = re.match(r"# /etc/systemd/system/(\S+)", text)
        assert name
        unit = tmp_path / name[1]
        unit.write_text(text.replace("/usr/local/bin/probecli", sys.executable))
        units.append(str(unit))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not shutil.which("nagios4"), reason="needs Debian's nagios4-core")
def test_the_nagios_definitions_are_accepted_by_nagios(tmp_path: Path) -> None:
    (text,) = blocks("nagios")
    objects = {
        "command": ["command_name none", "command_line /bin/true"],
        "timeperiod": ["timeperiod_name always", "alias always"],
        "contact": [
            "contact_name ops",
            *(f"{kind}_notification_commands none" for kind in ("host", "service")),
            *(f"{kind}_notification_period always" for kind in ("host", "service")),
        ],
        "host": ["host_name localhost", "address 127.0.0.1", "max_check_attempts 3"],
        "service": ["name generic-service", "max_check_attempts 3", "register 0"],
    }
    templates = "".join(
        f"define {kind} {{\n{chr(10).join(lines)}\n}}\n" for kind, lines in objects.items()
    )
    (tmp_path / "objects.cfg").write_text(templates + text)
    (tmp_path / "nagios.cfg").write_text(
        # Started by root it would become a user who cannot read the folder of a test.
        f"nagios_user={os.getuid()}\nnagios_group={os.getgid()}\nlog_file={tmp_path}/log\ncfg_file={tmp_path}/objects.cfg\n"
        f"status_file={tmp_path}/status\ncheck_result_path={tmp_path}\ntemp_path={tmp_path}\n"
    )
    done = subprocess.run(
        ["nagios4", "-v", str(tmp_path / "nagios.cfg")], capture_output=True, text=True, check=False
    )

    assert "Total Errors:   0" in done.stdout, done.stdout
    assert done.returncode == 0
