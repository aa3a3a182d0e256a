"""What a report of 25,000 findings costs: `python tests/diagnostics/bench_sarif.py [COUNT]`.

Prints CPU seconds, peak memory and sizes of the SARIF log, the JSON report and the terminal text. To hold: 10 CPU
seconds, 500 MB, and 10 MB of compressed SARIF, which is what code scanning takes.
"""

from __future__ import annotations

import gzip
import json
import resource
import sys
import tempfile
import time
from pathlib import Path

from onnxdx_diagnostics import catalog, source
from onnxdx_diagnostics.finding import Finding, Frame, Site
from onnxdx_diagnostics.render import render_text
from onnxdx_diagnostics.report import Outcome, PassRecord, Report

LINES = 2_000


def findings(path: str, count: int) -> tuple[Finding, ...]:
    """`count` different findings, spread over a file of 2,000 lines."""
    rule = catalog.rule("DX301")
    made = []
    for number in range(count):
        location = source.region(path, number % LINES + 1, "twist")
        frames = tuple(Frame(source.region(path, line, ""), "forward") for line in range(1, 7))
        module = f"layers.{number}.attn"
        site = Site(location, frames, module, "Attention", f"twist_{number}", "mylib.twist.default", ("x: f32[2]",))
        made.append(rule(site, f"mylib.twist{number}", ("aten.flip",)))
    return tuple(made)


def main() -> None:
    """Build, project, print."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 25_000
    with tempfile.TemporaryDirectory() as root:
        path = Path(root) / "net.py"
        path.write_text("".join(f"y{line} = mylib.twist(x, {line}) + 1\n" for line in range(LINES)))
        passes = tuple(PassRecord(name, Outcome.PASSED, 1.0) for name in ("capture", "decompose", "dispatch"))
        start = time.process_time()
        report = Report("net.py:build", False, findings(str(path), count), passes, root=root)
        print(f"{count} findings built: {time.process_time() - start:.1f} CPU s")
        for name, project in (
            ("SARIF", lambda: json.dumps(report.to_sarif(), separators=(",", ":"))),
            ("JSON", report.to_json),
            ("text", lambda: render_text(report)),
        ):
            start = time.process_time()
            content = project().encode()
            spent = time.process_time() - start
            packed = len(gzip.compress(content, 6))
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(
                f"{name}: {spent:.1f} CPU s, {len(content) / 1e6:.1f} MB, {packed / 1e6:.2f} MB gz, peak {peak:.0f} MB"
            )


if __name__ == "__main__":
    main()
