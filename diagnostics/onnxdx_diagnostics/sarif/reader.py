"""Reports from SARIF logs as `log.py` writes. Nothing in a log is executed, opened or believed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from onnxdx_diagnostics.codec import SCHEMA, ReportUnreadable, from_plain
from onnxdx_diagnostics.report import Report

Json = Mapping[str, Any]


def read_sarif(path: Path) -> Report:
    """The report that the log at `path` was made of: paths relative to the root, the fixes as the rules say them.

    Raises ReportUnreadable when it is no log of ours.
    """
    try:
        return from_sarif(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, RecursionError) as error:
        raise ReportUnreadable(f"{path} is not a SARIF log of onnxdx: {error}") from error


def from_sarif(log: Json) -> Report:
    """The report that `to_sarif` made `log` of. Raises ReportUnreadable."""
    try:
        (run,) = log["runs"]
        own = run["properties"]["onnxdx"]
        notifications = run["invocations"][0].get("toolExecutionNotifications", ())
        unlocated = [
            item["properties"]["onnxdx"] for item in notifications if "associatedRule" in item and "properties" in item
        ]
        plain = {
            "schema": SCHEMA,
            "target": own["target"],
            "outcome": own["outcome"],
            "verdict": own["verdict"],
            "passes": [{"seconds": 0.0, **record} for record in own["passes"]],
            "findings": [
                *(_finding(result) for result in run["results"]),
                *({**item, "location": None, "stack": []} for item in unlocated),
            ],
            "root": "",
            "environment": own["environment"],
            "started": own.get("started", ""),
            "seconds": own.get("seconds", 0.0),
        }
    except (AttributeError, KeyError, IndexError, TypeError, ValueError) as error:
        raise ReportUnreadable(f"not a SARIF log of onnxdx: {error!r}") from error
    return from_plain(plain)


def _finding(result: Json) -> dict[str, Any]:
    stacks = result.get("stacks", ())
    frames = stacks[-1]["frames"][::-1] if stacks else ()
    return {
        **result["properties"]["onnxdx"],
        "id": result["ruleId"],
        "location": _location(result["locations"][0]["physicalLocation"]),
        "stack": [
            {
                **_location(frame["location"]["physicalLocation"]),
                "function": frame["location"]["message"]["text"],
                "user": "properties" not in frame,
            }
            for frame in frames
            if "physicalLocation" in frame["location"]
        ],
    }


def _location(physical: Json) -> dict[str, Any]:
    region = physical["region"]
    line = region["startLine"]
    end_line = region.get("endLine", line)
    context = physical.get("contextRegion", region)
    rows = context.get("snippet", {}).get("text", "").split("\n")
    first = line - context["startLine"]
    return {
        "path": unquote(physical["artifactLocation"]["uri"]),
        "line": line,
        "column": region.get("startColumn", 1),
        "end_line": end_line,
        "end_column": region.get("endColumn", 0),
        "snippet": "\n".join(rows[first : first + end_line - line + 1]),
    }
