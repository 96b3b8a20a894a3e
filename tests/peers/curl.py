"""curl, asked for a target as well as it can be."""

import subprocess
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

_VERSIONS = {"1.0": "--tlsv1.0", "1.1": "--tlsv1.1", "1.2": "--tlsv1.2", "1.3": "--tlsv1.3"}
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "HOME": "/nonexistent"}


class Seen(NamedTuple):
    """How curl ended: its exit code, and the line it wrote on standard error."""

    exit: int
    error: str


def speaks(target: Mapping[str, Any]) -> bool:
    """Whether curl has a way to ask for it."""
    return str(target["url"]).startswith(("http://", "https://"))


def seconds(text: str) -> float:
    """A duration of the range, `300ms` or `5s`."""
    return float(text[:-2]) / 1000 if text.endswith("ms") else float(text[:-1])


def arguments(target: Mapping[str, Any]) -> list[str]:
    """curl's arguments for a target: the same request, patience, trust and redirects."""
    parts = urlsplit(target["url"])
    name = target.get("tls", {}).get("server_name") or parts.hostname
    # An empty cookie file begins with none and keeps those that come.
    given = ["--silent", "--show-error", "--compressed", "--cookie", "", "--output", "/dev/null"]
    given += ["--max-time", str(seconds(target["timeout"]))]
    given += ["--connect-timeout", str(seconds(target.get("connect_timeout", "5s")))]
    if not str(target.get("expect", {}).get("status", "")).startswith("4"):
        given += ["--fail"]
    if target.get("follow_redirects", True):
        given += ["--location", "--max-redirs", str(target.get("max_redirects", 10))]
    if target.get("resolve_to"):
        port = parts.port or (443 if parts.scheme == "https" else 80)
        given += ["--resolve", f"{name}:{port}:{target['resolve_to']}"]
    match target.get("method", "GET"):
        case "HEAD":
            given += ["--head"]
        case method if "body" not in target and method != "GET":
            given += ["--request", method]
    for name, value in target.get("headers", {}).items():
        given += ["--header", f"{name}: {value}"]
    basic = target.get("auth", {}).get("basic")
    if basic:
        given += ["--user", f"{basic['username']}:{basic['password']}"]
    if "bearer" in target.get("auth", {}):
        given += ["--oauth2-bearer", target["auth"]["bearer"]]
    for option in ("ip_version", "http_version"):
        if option in target:
            given += [("-" if option == "ip_version" else "--http") + str(target[option])]
    if "proxy" in target:
        given += ["--proxy", target["proxy"]]
    retries = target["retry"]["attempts"] - 1
    if retries:
        given += ["--retry", str(retries)]
    if "body" in target:
        # On standard input, because an upload of the range is longer than an argument may be.
        given += ["--data-binary", "@-"]
    url = target["url"]
    if name != parts.hostname:
        # The only way to give a server name of its own: as the host, led to the address.
        url = parts._replace(netloc=f"{name}:{parts.port}").geturl()
    return [*given, *_trust(target.get("tls", {})), url]


def _trust(tls: Mapping[str, Any]) -> list[str]:
    given = []
    for field, option in (("ca_file", "--cacert"), ("crl_file", "--crlfile")):
        if tls.get(field):
            given += [option, tls[field]]
    if "cert_file" in tls:
        given += ["--cert", tls["cert_file"]]
    if tls.get("verify") is False:
        given += ["--insecure"]
    if "min_version" in tls:
        given += [_VERSIONS[tls["min_version"]], "--ciphers", "DEFAULT:@SECLEVEL=0"]
    return given


def ask(target: Mapping[str, Any]) -> Seen:
    """What curl says of a target that is being served."""
    done = subprocess.run(
        ["curl", *arguments(target)],
        input=str(target.get("body", "")).encode(),
        capture_output=True,
        env=ENVIRONMENT,
        check=False,
    )
    said = done.stderr.decode("utf-8", "replace").splitlines()
    errors = [line.removeprefix("curl: ") for line in said if line.startswith("curl: (")]
    return Seen(done.returncode, errors[-1] if errors else "")


def version() -> str:
    """curl's version, such as `7.88.1`."""
    said = subprocess.run(["curl", "--version"], capture_output=True, text=True, check=True).stdout
    return said.split()[1]
