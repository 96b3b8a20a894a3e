"""blackbox_exporter, scraped concurrently by curl: `blackbox.py LIST IN_FLIGHT CA|- EXPORTER CURL`.

Prints what the exporter alone cost: seconds of wall while it was scraped, its CPU and peak memory.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import quote


def main(urls: list[str], in_flight: str, authority: str, exporter: str, curl: str) -> None:
    """Runs the exporter on a port of its own choice, scrapes every URL, and ends it."""
    tls = {} if authority == "-" else {"tls_config": {"ca_file": authority}}
    module = {"prober": "http", "timeout": "10s", "http": {"preferred_ip_protocol": "ip4", **tls}}
    with tempfile.TemporaryDirectory() as place:
        configuration = Path(place, "blackbox.yml")
        # JSON is YAML.
        configuration.write_text(json.dumps({"modules": {"bench": module}}))
        command = [
            exporter, "--web.listen-address=127.0.0.1:0", f"--config.file={configuration}"
        ]  # fmt: skip
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
            try:
                base = _address(process)
                scrapes = Path(place, "scrapes")
                scrapes.write_text(
                    "\n".join(
                        f'url = "http://{base}/probe?module=bench&target={quote(url, safe="")}"'
                        for url in urls
                    )
                )
                started = time.perf_counter()
                said = subprocess.run(
                    [curl, "-s", "--parallel", "--parallel-max", in_flight, "-K", str(scrapes)],
                    stdout=subprocess.PIPE,
                    check=False,
                ).stdout
                wall_s = time.perf_counter() - started
            finally:
                process.terminate()
            _, _, usage = os.wait4(process.pid, 0)
            process.returncode = 0
    cost = {
        "answered": len(re.findall(rb"^probe_success 1$", said, re.MULTILINE)),
        "wall_s": wall_s,
        "cpu_s": usage.ru_utime + usage.ru_stime,
        "peak_kib": usage.ru_maxrss,
    }
    json.dump(cost, sys.stdout)


def _address(process: "subprocess.Popen[str]") -> str:
    assert process.stderr is not None
    for line in process.stderr:
        found = re.search(r"address=(127\.0\.0\.1:\d+)", line)
        if found:
            return found[1]
    raise SystemExit("blackbox_exporter did not start")


if __name__ == "__main__":
    main(Path(sys.argv[1]).read_text().split(), *sys.argv[2:])
