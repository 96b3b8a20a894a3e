"""The demo's target file, commented so that a reader learns the format from it."""

import json
from collections.abc import Mapping
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from string import Template

from probecli.demo.certificates import CA_FILE
from probecli.demo.script import CONTROL, GROUPS, SERVICES, Service
from probecli.demo.services import Address, Stage

TARGET_FILE = "targets.yaml"

_HEAD = Template("""\
# The targets of `probecli demo`: the services that failed on 22 December 2025, as loopback
# servers. The ports live as long as the demo runs; copy the form, not the addresses.
version: 1
vantage: demo                       # the place that probes; default: the host name

defaults:                           # every target has these unless it or its group says otherwise
  timeout: 1500ms                   # one attempt, from the first packet to the last byte
  connect_timeout: 1s
  retry: {attempts: 2, initial: 100ms, max: 300ms}  # a hiccup mended by it shows as flaky
  tls: {ca_file: $ca_file}
  expect: {status: 200-299}         # what must hold; else the target is down
  warn:                             # what should hold; else it is degraded
    latency: 700ms
    certificate_days: 14

controls:                           # when all of them fail, it is our network and not theirs
  - $control

groups:
  # `resolve_to` is an address in place of DNS, which has no names under .test (RFC 6761);
  # certificates are checked against the name all the same.
$groups
gate: {fail_on: down, max_failures: 0}  # exit code 1 as soon as one target is down

targets:
""")

_GROUP = Template("""\
  $name:
    title: $title
    defaults: {resolve_to: $ip}
""")

_TARGET = Template("""\
  - name: $name
    url: $url
    group: $group
    tags: [$tags]
""")

_PORTAL = """\
    expect:
      body: {contains: %s}
"""
_API = """\
    expect:
      json: {"$.status": up}
"""

# What single targets have of their own, each a part of the format worth knowing.
_CHECKS: Mapping[str, str] = {
    "laposte-portal": """\
    expect:
      body: {contains: La Poste}    # ours, and not some other page
""",
    "laposte-api": """\
    expect:
      header: {content-type: {matches: '^application/json'}}
      json: {"$.status": up, "$.queue.depth": {lt: 1000}}   # RFC 9535 JSONPath
""",
    "digiposte-api": """\
    headers:                        # the value is a secret: *** in every output
      Authorization: "Bearer ${DIGIPOSTE_TOKEN:-no-token-in-the-demo}"
    expect:
      json: {"$.status": up}
""",
    "banque-populaire-portal": """\
    expect:
      body:
        contains: Banque Populaire
        not_matches: '(?i)erreur interne'   # RE2: runs in time linear in the page
      final_url: {matches: '^https://www\\.'}
""",
    "card-payment": """\
    method: POST                    # probe what customers use, not the home page
    json: {amount: 0, currency: EUR}
    expect:
      status: [200, 201]
      json: {"$.status": up}
""",
    "wero": """\
    warn: {latency: {wait: 500ms, total: 700ms}}    # by phase: the server's own time, and all of it
    expect:
      json: {"$.status": up}
""",
}


def _quoted(text: str) -> str:
    """`text` as a YAML double-quoted scalar, of which a JSON string is a case."""
    return json.dumps(text, ensure_ascii=False)


def _checks(service: Service) -> str:
    common = _API if service.kind == "api" else _PORTAL % _quoted(service.title)
    return _CHECKS.get(service.name, common)


def target_file(addresses: Mapping[str, Address], ca_file: Path) -> str:
    """The text of the target file for services at `addresses`, certified by `ca_file`."""
    ip_of_group = {service.group: addresses[service.name].ip for service in SERVICES}
    titles = {group.name: group.title for group in GROUPS}
    groups = (
        _GROUP.substitute(name=group.name, title=group.title, ip=ip_of_group[group.name])
        for group in GROUPS
    )
    parts = [
        _HEAD.substitute(
            ca_file=_quoted(str(ca_file)), control=addresses[CONTROL].url, groups="".join(groups)
        )
    ]
    for group, members in groupby(SERVICES, key=attrgetter("group")):
        parts.append(f"  # {titles[group]}\n")
        for service in members:
            parts.append(
                _TARGET.substitute(
                    name=service.name,
                    url=addresses[service.name].url,
                    group=group,
                    tags=", ".join(service.tags),
                )
            )
            parts.append(_checks(service))
    return "".join(parts)


def write_target_file(directory: Path, stage: Stage) -> Path:
    """Write targets.yaml and the authority's certificate it names into `directory`.

    The directory is made when it is missing. Returns the path of the target file; raises OSError
    when it cannot be written.
    """
    directory.mkdir(parents=True, exist_ok=True)
    ca_file = directory.absolute() / CA_FILE
    ca_file.write_bytes(stage.ca_file.read_bytes())
    path = directory / TARGET_FILE
    path.write_text(target_file(stage.addresses, ca_file), encoding="utf-8")
    return path
