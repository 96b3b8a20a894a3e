"""The demo's target file is valid, whole, and lives where it is written."""

import asyncio
from pathlib import Path
from typing import Any

import yaml

from probecli.demo.script import GROUPS, SERVICES
from probecli.demo.services import Address, services
from probecli.demo.targets import target_file, write_target_file

ADDRESSES = {
    name: Address(f"https://{name}.test:{port}/", f"127.0.0.{port % 4 + 1}", port)
    for port, name in enumerate(["control", *(service.name for service in SERVICES)], 40000)
}


def loaded(ca_file: str = "/tmp/ca.pem") -> Any:
    return yaml.safe_load(target_file(ADDRESSES, Path(ca_file)))


def test_every_service_is_a_target_at_its_address_in_the_order_of_the_script() -> None:
    targets = loaded()["targets"]
    assert [(target["name"], target["url"], target["group"]) for target in targets] == [
        (service.name, ADDRESSES[service.name].url, service.group) for service in SERVICES
    ]
    assert [tuple(target["tags"]) for target in targets] == [service.tags for service in SERVICES]


def test_every_group_has_its_title_and_address_and_the_control_stands_apart() -> None:
    document = loaded()
    assert {name: group["title"] for name, group in document["groups"].items()} == {
        group.name: group.title for group in GROUPS
    }
    assert all("resolve_to" in group["defaults"] for group in document["groups"].values())
    assert document["controls"] == [ADDRESSES["control"].url]


def test_a_path_that_yaml_would_misread_is_quoted() -> None:
    awkward = '/tmp/it\'s: "a" #path\\é/ca.pem'
    assert loaded(awkward)["defaults"]["tls"]["ca_file"] == awkward


def test_lines_stay_readable_in_eighty_columns_or_little_more() -> None:
    text = target_file(ADDRESSES, Path("/tmp/ca.pem"))
    assert [line for line in text.splitlines() if len(line) > 100] == []


def test_the_file_written_names_the_certificate_beside_it_and_outlives_the_services(
    tmp_path: Path,
) -> None:
    async def write() -> Path:
        async with services() as stage:
            return write_target_file(tmp_path / "new" / "folder", stage)

    path = asyncio.run(write())
    ca_file = Path(yaml.safe_load(path.read_text("utf-8"))["defaults"]["tls"]["ca_file"])
    assert path == tmp_path / "new" / "folder" / "targets.yaml"
    assert ca_file.parent == path.parent
    assert ca_file.read_text().startswith("-----BEGIN CERTIFICATE-----")
    assert {file.name for file in path.parent.iterdir()} == {"targets.yaml", "ca.pem"}
