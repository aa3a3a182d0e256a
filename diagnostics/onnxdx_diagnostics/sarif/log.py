"""A report as a SARIF log with one run."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import sarif_om as om

from onnxdx_diagnostics.anchor import anchor, project_path
from onnxdx_diagnostics.atomic import write_text
from onnxdx_diagnostics.codec import plain_pass, plain_verdict
from onnxdx_diagnostics.finding import Finding, Location
from onnxdx_diagnostics.fingerprint import identities
from onnxdx_diagnostics.graphs import Graphs
from onnxdx_diagnostics.phrase import Phrase, phrase
from onnxdx_diagnostics.report import PassRecord, Report
from onnxdx_diagnostics.repository import revision
from onnxdx_diagnostics.sarif.invocation import Told, invocation
from onnxdx_diagnostics.sarif.places import INSTALLED, ROOT, Places
from onnxdx_diagnostics.sarif.plain import OURS, Json, Scrub, plain
from onnxdx_diagnostics.sarif.results import Placed, Results, own_facts
from onnxdx_diagnostics.sarif.surroundings import MOST_NODES, surroundings
from onnxdx_diagnostics.sarif.tool import TOOL, taxonomy, tool
from onnxdx_diagnostics.visible import visible

SCHEMA_URI = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
OURS_VERSION = 1

# GitHub keeps this many results; which ones are left out is better chosen by us than by it.
MOST_RESULTS = 5_000


def to_sarif(report: Report, graphs: Graphs | None = None, *, deterministic: bool = False) -> Json:
    """The report as a SARIF log, JSON-ready; with the graphs of the run, results show the nodes around their own.

    `deterministic` leaves out times: equal exports give equal logs.
    """
    log: Json = plain(om.SarifLog(version="2.1.0", schema_uri=SCHEMA_URI, runs=[]), Scrub(""))
    return {**log, "runs": [_Projection(report, graphs, deterministic).run()]}


def write_sarif(report: Report, path: Path, graphs: Graphs | None = None, *, deterministic: bool = False) -> None:
    """Write the log to `path`, atomically. Raises OSError."""
    log = to_sarif(report, graphs, deterministic=deterministic)
    text = json.dumps(log, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    write_text(path, text.encode("utf-8", "backslashreplace").decode("utf-8"))


class _Projection:
    """One report on its way into one run."""

    def __init__(self, report: Report, graphs: Graphs | None, deterministic: bool) -> None:
        self.report = report
        self.graphs = graphs
        self.deterministic = deterministic
        self.places = Places(report.root)
        self.scrub = Scrub(report.root)

    def run(self) -> Json:
        """The whole run. A result becomes plain data as soon as it is made: a log of thousands stays small."""
        anchored = [(finding, anchor(finding, self.report)) for finding in self.report.findings]
        named = zip(anchored, identities(self.report.findings), strict=True)
        placed = [(finding, place, identity) for (finding, place), identity in named if place is not None]
        severe = sorted(placed, key=lambda result: -result[0].level.rank)[:MOST_RESULTS]
        makes = Results(self.report, self.places, self.graphs)
        told = sorted(self.told(severe), key=lambda item: item.order)
        results = [plain(makes.result(item), self.scrub) for item in told]
        left_out = len(placed) - len(severe)
        run = om.Run(
            tool=tool(self.report, makes.messages),
            automation_details=om.RunAutomationDetails(
                id=f"{TOOL}/{_slug(self.target())}/",
                description=om.Message(text=f"Export of '{visible(self.target())}' to ONNX."),
            ),
            invocations=[
                invocation(
                    self.report, self.notified(anchored), left_out, len(placed), deterministic=self.deterministic
                )
            ],
            original_uri_base_ids={
                ROOT: om.ArtifactLocation(description=om.Message(text="The root of the project.")),
                INSTALLED: om.ArtifactLocation(description=om.Message(text="Where Python packages are installed.")),
            },
            version_control_provenance=_provenance(self.report.root),
            artifacts=self.places.artifacts(),
            logical_locations=self.places.logical_locations() or None,
            graphs=[_pass_graph(self.report.passes)] if self.report.passes else None,
            taxonomies=[taxonomy()],
            results=[],
            column_kind="unicodeCodePoints",
            default_source_language="python",
            default_encoding="utf-8",
            properties={OURS: self.own_properties()},
        )
        return {**plain(run, self.scrub), "results": results}

    def told(self, severe: list[tuple[Finding, Location, str]]) -> Iterator[Placed]:
        """The findings that become results. The most severe ones show what is around them, while there is room."""
        room = MOST_NODES
        for finding, place, identity in severe:
            around = surroundings(finding, self.graphs) if self.graphs and room > 0 else None
            room -= len(around.graph.nodes) if around else 0
            yield Placed(finding, identity, place, self.said(finding), around)

    def notified(self, anchored: list[tuple[Finding, Location | None]]) -> list[Told]:
        """The findings that become notifications: those without a place, and those that are faults of ours."""
        return [
            Told(finding, self.said(finding).text, self.places.physical(place) if place else None, own_facts(finding))
            for finding, place in anchored
            if place is None or finding.id.startswith("DX9")
        ]

    def said(self, finding: Finding) -> Phrase:
        """The message of a finding. One that names nothing of its own names where it is."""
        site = finding.site
        return phrase(finding, site.module or site.module_class or site.op or self.target())

    def target(self) -> str:
        """The target as it may be published: a path inside the project, or only the name of the file."""
        file, colon, name = self.report.target.rpartition(":")
        if not file.endswith(".py"):
            return self.report.target if not os.path.isabs(self.report.target) else Path(self.report.target).name
        return f"{project_path(file, self.report.root) or Path(file).name}{colon}{name}"

    def own_properties(self) -> Json:
        """What `onnxdx explain FILE.sarif` needs to make a report of the log again."""
        report = self.report
        passes = [plain_pass(record) for record in report.passes]
        if self.deterministic:
            for record in passes:
                del record["seconds"]
        return {
            "version": OURS_VERSION,
            "target": self.target(),
            "outcome": "exported" if report.exported else "failed",
            "verdict": plain_verdict(report.verdict),
            "passes": passes,
            "environment": dict(report.environment),
            **({} if self.deterministic else {"started": report.started, "seconds": report.seconds}),
        }


def _provenance(root: str) -> list[om.VersionControlDetails] | None:
    found = revision(root)
    if found is None:
        return None
    details = om.VersionControlDetails(
        repository_uri=found.uri,
        revision_id=found.commit or None,
        branch=found.branch or None,
        mapped_to=om.ArtifactLocation(uri_base_id=ROOT),
    )
    return [details]


def _pass_graph(passes: tuple[PassRecord, ...]) -> om.Graph:
    names = [visible(record.name) for record in passes]
    return om.Graph(
        description=om.Message(text="Export passes."),
        nodes=[
            om.Node(id=f"{index}", label=om.Message(text=name), properties={OURS: {"outcome": record.outcome.value}})
            for index, (name, record) in enumerate(zip(names, passes, strict=True))
        ],
        edges=[
            om.Edge(id=f"e{index}", source_node_id=f"{index}", target_node_id=f"{index + 1}")
            for index in range(len(names) - 1)
        ]
        or None,
    )


def _slug(target: str) -> str:
    return re.sub(r"[^\w.:/-]+", "-", target.replace("\\", "/")).strip("/-") or "model"
