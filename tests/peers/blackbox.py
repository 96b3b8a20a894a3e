"""blackbox_exporter, configured for a target as well as it can be."""

import json
import re
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import Request, urlopen

from peers.curl import ENVIRONMENT

_PROGRAM = "prometheus-blackbox-exporter"
_PAIRS = re.compile(r'(\w+)=("(?:[^"\\]|\\.)*"|\S*)')
_COURSE = (
    "Beginning", "Resolving target", "Resolved target", "Making HTTP", "Making DNS", "Received",
    "Response timings", "Dialing", "Successfully", "Got response", "Validating", "Probe ",
    "Read line", "Processing", "TLS",
)  # fmt: skip
"""How the log's lines begin that only tell of the course of a probe."""


class Seen(NamedTuple):
    """`probe_success`, and the log line that says why not (its message and error)."""

    success: bool
    log: str


def speaks(target: Mapping[str, Any]) -> bool:
    """Whether blackbox_exporter has a prober for it."""
    return not str(target["url"]).startswith(("ws://", "wss://"))


def module(target: Mapping[str, Any]) -> dict[str, Any]:
    """The module for a target: the same request, patience, trust, and what it can expect."""
    parts = urlsplit(target["url"])
    expect = target.get("expect", {})
    trust = _trust(target.get("tls", {}))
    family: dict[str, Any] = {}
    if "ip_version" in target:
        family = {
            "preferred_ip_protocol": f"ip{target['ip_version']}",
            "ip_protocol_fallback": False,
        }
    match parts.scheme:
        case "tcp" | "tls":
            prober, options = "tcp", {**family}
            if parts.scheme == "tls":
                options |= {"tls": True, "tls_config": {"server_name": parts.hostname, **trust}}
            if "banner" in expect:
                options["query_response"] = [{"expect": f"^{expect['banner']}"}]
        case "dns":
            prober = "dns"
            options = {
                "transport_protocol": "udp",
                "query_name": parts.path.lstrip("/"),
                "query_type": parse_qs(parts.query)["type"][0],
            }
            if "rcode" in expect:
                options["valid_rcodes"] = [expect["rcode"]]
            if "records" in expect:
                wanted = [f".*\\s{re.escape(data)}$" for data in expect["records"]]
                options["validate_answer_rrs"] = {"fail_if_not_matches_regexp": wanted}
        case _:
            prober, options = "http", {**family, **_http(target), "tls_config": trust}
    return {"prober": prober, "timeout": target["timeout"], prober: options}


def _http(target: Mapping[str, Any]) -> dict[str, Any]:
    expect = target.get("expect", {})
    options: dict[str, Any] = {
        "method": target.get("method", "GET"),
        "valid_status_codes": _statuses(expect.get("status")),
        "follow_redirects": target.get("follow_redirects", True),
        "headers": target.get("headers", {}),
    }
    if "body" in target:
        options["body"] = target["body"]
    if "proxy" in target:
        options["proxy_url"] = target["proxy"]
        options["skip_resolve_phase_with_proxy"] = True
    if target.get("http_version") == "1.1":
        options["enable_http2"] = False
    if "basic" in target.get("auth", {}):
        options["basic_auth"] = target["auth"]["basic"]
    if "bearer" in target.get("auth", {}):
        options["authorization"] = {"credentials": target["auth"]["bearer"]}
    if "body" in expect:
        options["fail_if_body_not_matches_regexp"] = [re.escape(expect["body"])]
    if "header" in expect:
        options["fail_if_header_not_matches"] = [
            {"header": name, "regexp": f"^{re.escape(value)}$"}
            for name, value in expect["header"].items()
        ]
    return options


def _statuses(wanted: object) -> list[int]:
    if wanted is None:
        # Its own default: 2xx. Were 3xx allowed, it would take a redirect loop for success.
        return []
    text = str(wanted)
    return list(range(400, 500)) if text == "4xx" else [int(text)]


def _trust(tls: Mapping[str, Any]) -> dict[str, Any]:
    names = {"ca_file": "ca_file", "server_name": "server_name", "cert_file": "cert_file"}
    trust = {name: tls[field] for field, name in names.items() if tls.get(field)}
    if "cert_file" in trust:
        trust["key_file"] = trust["cert_file"]
    if tls.get("verify") is False:
        trust["insecure_skip_verify"] = True
    if "min_version" in tls:
        trust["min_version"] = "TLS" + tls["min_version"].replace(".", "")
    return trust


def query(target: Mapping[str, Any]) -> dict[str, str]:
    """The parameters of `/probe`: `resolve_to` is an address as target, with a host name."""
    parts = urlsplit(target["url"])
    if parts.scheme in ("tcp", "tls", "dns"):
        host = target.get("resolve_to") or parts.hostname
        return {"target": f"{host}:{parts.port}"}
    if target.get("resolve_to"):
        authority = f"{target['resolve_to']}:{parts.port}"
        return {
            "target": parts._replace(netloc=authority).geturl(),
            "hostname": str(parts.hostname),
        }
    return {"target": target["url"]}


@contextmanager
def _serving(configuration: Path) -> Iterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    process = subprocess.Popen(
        [_PROGRAM, f"--config.file={configuration}", f"--web.listen-address=127.0.0.1:{port}"],
        stderr=subprocess.DEVNULL,
        env=ENVIRONMENT,
    )
    try:
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except ConnectionRefusedError:
                if process.poll() is not None:
                    raise OSError(f"{_PROGRAM} did not start") from None
                time.sleep(0.01)
        yield port
    finally:
        process.terminate()
        process.wait()


def ask(target: Mapping[str, Any], folder: Path) -> Seen:
    """What blackbox_exporter says of a target that is being served; `folder` is for its file."""
    configuration = folder / "blackbox.yml"
    configuration.write_text(json.dumps({"modules": {"fault": module(target)}}))
    with _serving(configuration) as port:
        asked = urlencode({"module": "fault", "debug": "true", **query(target)})
        # Its own patience is that of the scrape when the scrape's is shorter.
        request = Request(
            f"http://127.0.0.1:{port}/probe?{asked}",
            headers={"X-Prometheus-Scrape-Timeout-Seconds": "30"},
        )
        with urlopen(request, timeout=60) as answer:
            said = answer.read().decode("utf-8", "replace")
    return Seen("\nprobe_success 1\n" in said, failing_line(said))


def failing_line(said: str) -> str:
    """Message and error of the log line that tells most: the last error, else the last word."""
    lines = []
    for line in said.partition("\nMetrics that")[0].splitlines():
        pairs = {key: _unquoted(value) for key, value in _PAIRS.findall(line)}
        if pairs.get("msg") and not pairs["msg"].startswith(_COURSE):
            lines.append(pairs)
    errors = [pairs for pairs in lines if pairs.get("level") == "error"]
    told = (errors or lines)[-1:]
    if "\nprobe_success 1\n" in said or not told:
        return ""
    extras = [told[0][key] for key in ("err", "status_code", "rcode") if key in told[0]]
    return ": ".join([told[0]["msg"], *extras])


def _unquoted(value: str) -> str:
    if not value.startswith('"'):
        return value
    try:
        return str(json.loads(value))
    except ValueError:
        return value[1:-1]


def version() -> str:
    """blackbox_exporter's version, such as `0.23.0`."""
    said = subprocess.run([_PROGRAM, "--version"], capture_output=True, text=True, check=True)
    return (said.stdout + said.stderr).split("version ")[1].split()[0]
