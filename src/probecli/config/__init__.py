"""From YAML and URLs to a plan: positions, merging, secrets, every mistake with its place."""

from typing import Any

from probecli.config.load import load
from probecli.config.mistake import ConfigError, Mistake
from probecli.config.scalar import parse_duration, parse_size, parse_statuses
from probecli.config.selection import override, select
from probecli.config.source import default_sources

__all__ = [
    "ConfigError",
    "Mistake",
    "default_sources",
    "load",
    "override",
    "parse_duration",
    "parse_size",
    "parse_statuses",
    "schema",
    "select",
    "template",
]


def schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a target file, for an editor's YAML plug-in."""
    from probecli.config.file_schema import target_file_schema

    return target_file_schema()


def template() -> str:
    """A commented target file to start from."""
    from importlib.resources import files

    return files(__name__).joinpath("template.yaml").read_text(encoding="utf-8")
