"""Reports as SARIF 2.1.0 logs: the one place that knows the format, built with sarif-om.

Properties of our own stand under the one key "onnxdx" of a property bag; `version` in that of the run counts their
changes. On a run: target, outcome, verdict, environment. On a result: the site (module, op, FX node, values), the
facts and the fixes. Everything a host shows stands in the standard properties; ours serve `onnxdx explain FILE.sarif`.

No absolute path goes into a log: sources are relative to %SRCROOT%, installed packages to %PYTHONLIB%.
"""

from __future__ import annotations

import functools
import json
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from urllib.parse import quote

import attr
import sarif_om as om

from onnxdx_diagnostics import catalog
from onnxdx_diagnostics.anchor import anchor, installed_path, project_path
from onnxdx_diagnostics.atomic import write_text
from onnxdx_diagnostics.codec import plain_finding, plain_pass, plain_verdict
from onnxdx_diagnostics.explain import documentation, explain_rule
from onnxdx_diagnostics.finding import Finding, Frame, Level, Location
from onnxdx_diagnostics.fingerprint import LINE_HASH, NODE_KEY, line_hashes, node_key
from onnxdx_diagnostics.fix import Fix
from onnxdx_diagnostics.graphs import Graphs, Node
from onnxdx_diagnostics.phrase import Phrase, fill, phrase
from onnxdx_diagnostics.report import Outcome, PassRecord, Report
from onnxdx_diagnostics.repository import revision
from onnxdx_diagnostics.sarif_graphs import MOST_NODES, Surroundings, result_graph, result_traversal, surroundings
from onnxdx_diagnostics.visible import visible

SCHEMA_URI = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
TOOL = "onnxdx"
OURS = "onnxdx"
OURS_VERSION = 1

# Where the pages of docs/rules are published. While this is empty, logs carry no link.
HELP_BASE = ""

# GitHub keeps this many results, locations and steps; what is above is better chosen by us than by it.
MOST_RESULTS = 5_000
MOST_LOCATIONS = 99
MOST_STEPS = 900

_ROOT = "%SRCROOT%"
_INSTALLED = "%PYTHONLIB%"
_CONTEXT = 2
_SEVERITIES = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTE: "recommendation"}
_PASS_ENDED, _LEFT_OUT, _UNLOCATED, _CRASHED = range(4)
_NOTIFICATIONS = (
    ("DXN1", "PassEnded", "Pass '{0}' ended as '{1}'.", "A pass of the export ended."),
    ("DXN2", "ResultsLeftOut", "'{0}' of '{1}' results are left out.", "Results beyond what hosts keep are left out."),
    ("DXN3", "FindingWithoutLine", "Without a line, '{0}': '{1}'", "A finding has no line in the project."),
    ("DXN4", "ExporterCrashed", "A pass of onnxdx failed: '{0}'", "A pass of onnxdx itself failed."),
)

Json = dict[str, Any]


def to_sarif(report: Report, graphs: Graphs | None = None, *, deterministic: bool = False) -> Json:
    """The report as a SARIF log, JSON-ready; with the graphs of the run, results show the nodes around their own.

    `deterministic` leaves out times: equal exports give equal logs.
    """
    log: Json = _plain(om.SarifLog(version="2.1.0", schema_uri=SCHEMA_URI, runs=[]), _Scrub(""))
    return {**log, "runs": [_Projection(report, graphs, deterministic).run()]}


def write_sarif(report: Report, path: Path, graphs: Graphs | None = None, *, deterministic: bool = False) -> None:
    """Write the log to `path`, atomically. Raises OSError."""
    log = to_sarif(report, graphs, deterministic=deterministic)
    text = json.dumps(log, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    write_text(path, text.encode("utf-8", "backslashreplace").decode("utf-8"))


@dataclass(frozen=True)
class _Placed:
    """A finding with the line of the project that stands for it, what is said of it, and what is around its node."""

    finding: Finding
    place: Location
    phrase: Phrase
    around: Surroundings | None


@dataclass
class _Messages:
    """The message templates that one run uses of one rule, in order of appearance."""

    templates: dict[str, str] = field(default_factory=dict)
    markdown: dict[str, str] = field(default_factory=dict)

    def add(self, said: Phrase) -> str:
        """The message id of a phrase."""
        known = self.templates.get(said.template)
        if known:
            return known
        key = "default" if not self.templates else f"default{len(self.templates) + 1}"
        self.templates[said.template] = key
        self.markdown[key] = said.markdown
        return key


class _Projection:
    """One report on its way into one run: the tables that results point into grow while results are made."""

    def __init__(self, report: Report, graphs: Graphs | None, deterministic: bool) -> None:
        self.report = report
        self.graphs = graphs
        self.deterministic = deterministic
        self.rules = {rule_id: index for index, rule_id in enumerate(catalog.ids())}
        self.stages = {stage: index for index, stage in enumerate(dict.fromkeys(catalog.STAGES.values()))}
        self.messages: dict[str, _Messages] = {rule_id: _Messages() for rule_id in self.rules}
        self.artifacts: dict[str, int] = {}
        self.modules: dict[str, int] = {}
        self.ordinals: Counter[tuple[str, str, str]] = Counter()
        self.files: dict[str, _File] = {}
        self.scrub = _Scrub(report.root)

    def run(self) -> Json:
        """The whole run. A result becomes plain data as soon as it is made: a log of thousands stays small."""
        placed, unplaced = self.placed()
        severe = sorted(placed, key=lambda pair: -pair[0].level.rank)[:MOST_RESULTS]
        left_out = len(placed) - len(severe)
        kept = list(self.told(severe))
        results = [_plain(self.result(item), self.scrub) for item in sorted(kept, key=_order)]
        run = om.Run(
            tool=om.Tool(driver=self.driver(), extensions=self.extensions() or None),
            automation_details=om.RunAutomationDetails(
                id=f"{TOOL}/{_slug(self.target())}/",
                description=om.Message(text=f"Export of '{visible(self.target())}' to ONNX."),
            ),
            invocations=[self.invocation(unplaced, left_out, len(placed))],
            original_uri_base_ids={
                _ROOT: om.ArtifactLocation(description=om.Message(text="The root of the project.")),
                _INSTALLED: om.ArtifactLocation(description=om.Message(text="Where Python packages are installed.")),
            },
            version_control_provenance=_provenance(self.report.root),
            artifacts=[self.artifact(path) for path in self.artifacts],
            logical_locations=self.logical_locations() or None,
            graphs=[_pass_graph(self.report.passes)] if self.report.passes else None,
            taxonomies=[_taxonomy(self.stages)],
            results=[],
            column_kind="unicodeCodePoints",
            default_source_language="python",
            default_encoding="utf-8",
            properties={OURS: self.own_properties()},
        )
        return {**_plain(run, self.scrub), "results": results}

    def placed(self) -> tuple[list[tuple[Finding, Location]], list[Finding]]:
        """The findings that have a line in the project, with it, and those that have none."""
        placed, unplaced = [], []
        for finding in self.report.findings:
            place = anchor(finding, self.report)
            if place is None:
                unplaced.append(finding)
            else:
                placed.append((finding, place))
        return placed, unplaced

    def told(self, severe: list[tuple[Finding, Location]]) -> Iterator[_Placed]:
        """The findings that become results. The most severe ones show what is around them, while there is room."""
        room = MOST_NODES
        for finding, place in severe:
            around = surroundings(finding, self.graphs) if self.graphs and room > 0 else None
            room -= len(around.graph.nodes) if around else 0
            yield _Placed(finding, place, self.said(finding), around)

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

    def driver(self) -> om.ToolComponent:
        """The tool, its rules and its notifications."""
        version = self.report.environment.get(TOOL) or _own_version()
        return om.ToolComponent(
            name=TOOL,
            full_name=f"{TOOL} {version}",
            version=version,
            semantic_version=version if re.fullmatch(r"\d+\.\d+\.\d+", version) else None,
            information_uri=HELP_BASE or None,
            short_description=om.MultiformatMessageString(text="A PyTorch-to-ONNX exporter that explains itself."),
            full_description=om.MultiformatMessageString(
                text="Exports PyTorch models to ONNX. Each export is proven, or each blocker is named on its line."
            ),
            rules=[self.rule(catalog.rule(rule_id)) for rule_id in self.rules],
            notifications=[_notification_rule(*row) for row in _NOTIFICATIONS],
            supported_taxonomies=[om.ToolComponentReference(name="ExportPasses", index=0)],
            is_comprehensive=True,
            language="en-US",
        )

    def extensions(self) -> list[om.ToolComponent]:
        """The packages that took part, with their versions."""
        packages = sorted((name, version) for name, version in self.report.environment.items() if name != TOOL)
        return [
            om.ToolComponent(name=name, version=version)
            for name, version in packages
            if version[:1].isdigit() and re.fullmatch(r"[\w.-]+", name)
        ]

    def rule(self, rule: type[Finding]) -> om.ReportingDescriptor:
        """A rule, from the same source as its docs page."""
        told = documentation(rule)
        stage = catalog.stage(rule.id)
        meaning = told.section("What it means") or told.summary
        strings = self.messages[rule.id]
        return om.ReportingDescriptor(
            id=rule.id,
            name="".join(part.capitalize() for part in rule.name.split("-")),
            short_description=om.MultiformatMessageString(text=told.summary[:1000]),
            full_description=om.MultiformatMessageString(text=" ".join(meaning.split())[:1000]),
            help=_help(rule),
            help_uri=f"{HELP_BASE}{rule.id}.md" if HELP_BASE else None,
            message_strings={
                key: om.MultiformatMessageString(text=text, markdown=strings.markdown[key])
                for text, key in strings.templates.items()
            }
            or None,
            default_configuration=om.ReportingConfiguration(level=rule.level.value),
            relationships=[
                om.ReportingDescriptorRelationship(
                    target=om.ReportingDescriptorReference(
                        id=stage.upper(),
                        index=self.stages[stage],
                        tool_component=om.ToolComponentReference(name="ExportPasses", index=0),
                    ),
                    kinds=["superset"],
                )
            ],
            properties={
                "precision": "very-high" if rule.level is Level.ERROR else "high",
                "problem.severity": _SEVERITIES[rule.level],
                "tags": ["onnx", "pytorch", stage],
            },
        )

    def invocation(self, unplaced: list[Finding], left_out: int, total: int) -> om.Invocation:
        """How the run went. It failed only when onnxdx itself did: a model that cannot be exported is a result."""
        report = self.report
        notifications = [self.pass_ended(record) for record in report.passes]
        if left_out:
            notifications.append(_notification(_LEFT_OUT, (str(left_out), str(total)), "warning"))
        for finding in unplaced:
            level = "error" if finding.id.startswith("DX9") else "warning" if finding.level is Level.ERROR else "note"
            said = self.said(finding).text
            kind, arguments = (_CRASHED, (said,)) if level == "error" else (_UNLOCATED, (finding.id, said))
            notifications.append(self.about(finding, _notification(kind, arguments, level), place=None))
        for finding in report.findings:
            place = anchor(finding, report)
            if finding.id.startswith("DX9") and place is not None:
                said = self.said(finding).text
                notifications.append(self.about(finding, _notification(_CRASHED, (said,), "error"), place=place))
        started, ended = (None, None) if self.deterministic else _times(report)
        code, description = _exit(report)
        return om.Invocation(
            execution_successful=not report.crashed,
            exit_code=code,
            exit_code_description=description,
            start_time_utc=started,
            end_time_utc=ended,
            tool_execution_notifications=notifications or None,
        )

    def about(self, finding: Finding, notification: om.Notification, place: Location | None) -> om.Notification:
        """A notification that stands for a finding."""
        notification.associated_rule = om.ReportingDescriptorReference(id=finding.id, index=self.rules[finding.id])
        if place is None:
            notification.properties = {OURS: {"id": finding.id, **_own_facts(finding)}}
        else:
            notification.locations = [om.Location(physical_location=self.physical(place))]
        return notification

    def pass_ended(self, record: PassRecord) -> om.Notification:
        """One pass as a notification."""
        notification = _notification(_PASS_ENDED, (visible(record.name), record.outcome.value), "note")
        facts = plain_pass(record)
        if self.deterministic:
            del facts["seconds"]
        notification.properties = {OURS: facts}
        return notification

    def result(self, item: _Placed) -> om.Result:
        """One finding as a result."""
        finding, said, site = item.finding, item.phrase, item.finding.site
        message = om.Message(
            text=said.text,
            id=self.messages[finding.id].add(said),
            arguments=list(said.arguments),
            markdown=fill(said.markdown, said.arguments),
        )
        stage = catalog.stage(finding.id)
        location = om.Location(
            physical_location=self.physical(item.place, context=True), logical_locations=self.logical(site.module)
        )
        related = [
            om.Location(
                id=number,
                physical_location=self.physical(item.place, code=False),
                logical_locations=self.logical(module),
                message=om.Message(text=f"Also in module '{visible(module)}'."),
            )
            for number, module in enumerate([m for m in site.modules if m != site.module][:MOST_LOCATIONS], 1)
        ]
        fixes = [fix for fix in map(self.fix, finding.fixes()) if fix is not None]
        way = result_traversal(item.around, said.text) if item.around else None
        return om.Result(
            rule_id=finding.id,
            rule_index=self.rules[finding.id],
            level=finding.level.value,
            kind="fail",
            message=message,
            locations=[location],
            related_locations=related or None,
            occurrence_count=site.occurrences if site.occurrences > 1 else None,
            partial_fingerprints=self.fingerprints(item),
            code_flows=[self.code_flow(item)],
            stacks=self.stacks(finding) or None,
            fixes=fixes or None,
            graphs=[result_graph(item.around, self.node_place)] if item.around else None,
            graph_traversals=[way] if way else None,
            taxa=[
                om.ReportingDescriptorReference(
                    id=stage.upper(),
                    index=self.stages[stage],
                    tool_component=om.ToolComponentReference(name="ExportPasses", index=0),
                )
            ],
            properties={OURS: _own_facts(finding)},
        )

    def fingerprints(self, item: _Placed) -> dict[str, str]:
        """Both identities of a result: the host's, when the file can be read and is what it was, and our own."""
        site = item.finding.site
        module = site.module or (site.modules[0] if site.modules else "")
        # A fault of capture knows no operator: what it quotes of the source stands in.
        key = (item.finding.id, module, site.op or item.phrase.text)
        self.ordinals[key] += 1
        prints = {NODE_KEY: node_key(*key, self.ordinals[key])}
        line_hash = self.file(item.place).line_hash(item.place)
        return {LINE_HASH: line_hash, **prints} if line_hash else prints

    def physical(self, place: Location, *, code: bool = True, context: bool = False) -> om.PhysicalLocation:
        """A place in the project, on request with its code and the lines around it."""
        start, end = _region_columns(place)
        rows = place.snippet.split("\n") if place.snippet else []
        region = om.Region(
            start_line=place.line,
            start_column=start,
            end_line=place.end_line,
            end_column=end,
            snippet=om.ArtifactContent(text=_cut(rows, start, end)) if rows and code else None,
            source_language="python",
        )
        return om.PhysicalLocation(
            artifact_location=self.artifact_location(place.path),
            region=region,
            context_region=self.context(place, rows) if context and rows else None,
        )

    def context(self, place: Location, rows: list[str]) -> om.Region | None:
        """The whole lines around a region: more than the region, or nothing (SARIF1008)."""
        before, after = self.file(place).around(place)
        if not before and not after and _region_columns(place) == (1, len(rows[-1]) + 1):
            return None
        return om.Region(
            start_line=place.line - len(before),
            end_line=place.end_line + len(after),
            snippet=om.ArtifactContent(text="\n".join([*before, *rows, *after])),
        )

    def file(self, place: Location) -> _File:
        """The source file of a place of the project, read once."""
        if place.path not in self.files:
            full = f"{self.report.root}/{place.path}" if self.report.root else place.path
            self.files[place.path] = _File(full)
        return self.files[place.path]

    def artifact_location(self, path: str) -> om.ArtifactLocation:
        """A file of the project."""
        index = self.artifacts.setdefault(path, len(self.artifacts))
        return om.ArtifactLocation(uri=_uri(path), uri_base_id=_ROOT, index=index)

    def artifact(self, path: str) -> om.Artifact:
        """The entry of a file that results are in."""
        return om.Artifact(
            location=om.ArtifactLocation(uri=_uri(path), uri_base_id=_ROOT, index=self.artifacts[path]),
            roles=["analysisTarget"],
            mime_type="text/x-python",
            source_language="python",
        )

    def logical(self, module: str) -> list[om.LogicalLocation] | None:
        """A reference to a module of the model."""
        if not module:
            return None
        return [om.LogicalLocation(index=self.module(module), fully_qualified_name=visible(module))]

    def module(self, path: str) -> int:
        """The index of a module; its parents come before it."""
        if path not in self.modules:
            parent = path.rpartition(".")[0]
            if parent:
                self.module(parent)
            self.modules[path] = len(self.modules)
        return self.modules[path]

    def logical_locations(self) -> list[om.LogicalLocation]:
        """The tree of modules that results are in."""
        return [
            om.LogicalLocation(
                name=visible(path.rpartition(".")[2]),
                fully_qualified_name=visible(path),
                kind="module",
                index=index,
                parent_index=self.modules.get(path.rpartition(".")[0], -1),
            )
            for path, index in self.modules.items()
        ]

    def code_flow(self, item: _Placed) -> om.CodeFlow:
        """How it came to this: the user's calls, the passes that went before, and last the fault at its own line."""
        steps: list[om.ThreadFlowLocation] = []
        called = [frame for frame in item.finding.site.stack if frame.user][-MOST_STEPS:]
        for frame in called:
            path = project_path(frame.location.path, self.report.root)
            if not path or (path, frame.location.line) == (item.place.path, item.place.line):
                continue
            place = Location(path, **{name: getattr(frame.location, name) for name in _REGION_FIELDS})
            steps.append(self.step(steps, place, f"In '{visible(frame.function)}'.", "call", "python"))
        *before, last = self.way(item.finding)
        for name in before:
            steps.append(self.step(steps, item.place, f"After pass '{visible(name)}'.", "value", f"{TOOL}.{name}"))
        step = self.step(steps, item.place, item.phrase.text, "danger", f"{TOOL}.{last}")
        step.importance = "essential"
        step.state = {
            name: om.MultiformatMessageString(text=value) for name, value in map(_watched, item.finding.site.values)
        } or None
        return om.CodeFlow(thread_flows=[om.ThreadFlow(locations=[*steps, step])])

    def step(
        self, before: list[om.ThreadFlowLocation], place: Location, text: str, kind: str, module: str
    ) -> om.ThreadFlowLocation:
        """One step of a flow, at a place of the project."""
        depth = sum(step.kinds == ["call"] for step in before)
        return om.ThreadFlowLocation(
            location=om.Location(
                physical_location=self.physical(place, code=kind == "call"), message=om.Message(text=text)
            ),
            execution_order=len(before) + 1,
            nesting_level=depth,
            kinds=[kind],
            module=visible(module),
            importance="important",
        )

    def way(self, finding: Finding) -> list[str]:
        """The passes up to the one that a finding is of."""
        stage = catalog.stage(finding.id)
        ran = [record.name for record in self.report.passes if record.outcome is not Outcome.NOT_RUN]
        return [*ran[: ran.index(stage)], stage] if stage in ran else [stage]

    def stacks(self, finding: Finding) -> list[om.Stack]:
        """The Python stack, innermost first: the user's frames, and all frames when there are others."""
        frames = finding.site.stack[::-1]
        users = [frame for frame in frames if frame.user]
        stacks = []
        if users:
            stacks.append(self.stack("Python stack at capture, frames of the project.", users))
        if len(users) < len(frames):
            stacks.append(self.stack("Python stack at capture, all frames.", frames))
        return stacks

    def stack(self, title: str, frames: Iterable[Frame]) -> om.Stack:
        """One stack."""
        return om.Stack(
            message=om.Message(text=title),
            frames=[
                om.StackFrame(
                    location=om.Location(
                        physical_location=self.frame_place(frame.location),
                        message=om.Message(text=visible(frame.function) or "<module>"),
                    ),
                    properties=None if frame.user else {OURS: {"user": False}},
                )
                for frame in frames
            ],
        )

    def frame_place(self, location: Location) -> om.PhysicalLocation | None:
        """Where a frame is, when that can be said without an absolute path."""
        path = project_path(location.path, self.report.root)
        installed = installed_path(location.path)
        if not path and not installed:
            return None
        artifact = (
            self.artifact_location(path) if path else om.ArtifactLocation(uri=_uri(installed), uri_base_id=_INSTALLED)
        )
        snippet = om.ArtifactContent(text=location.snippet) if location.snippet else None
        region = om.Region(start_line=location.line, end_line=location.end_line, snippet=snippet)
        return om.PhysicalLocation(artifact_location=artifact, region=region)

    def node_place(self, node: Node) -> om.Location | None:
        """Where a node of a graph is: its line in the project and its module, as far as they are known."""
        path = project_path(node.path, self.report.root) if node.path else ""
        place = (
            om.PhysicalLocation(artifact_location=self.artifact_location(path), region=om.Region(start_line=node.line))
            if path
            else None
        )
        if place is None and not node.module:
            return None
        return om.Location(physical_location=place, logical_locations=self.logical(node.module))

    def fix(self, fix: Fix) -> om.Fix | None:
        """A fix as edits; none when it is text only, or when it would write outside the project."""
        paths = {edit.path: project_path(edit.path, self.report.root) for edit in fix.edits}
        if not paths or not all(paths.values()):
            return None
        changes = [
            om.ArtifactChange(
                artifact_location=self.artifact_location(paths[path]),
                replacements=[
                    om.Replacement(
                        deleted_region=om.Region(
                            start_line=edit.start_line,
                            start_column=edit.start_column,
                            end_line=edit.end_line,
                            end_column=edit.end_column,
                        ),
                        inserted_content=om.ArtifactContent(text=edit.text),
                    )
                    for edit in fix.edits
                    if edit.path == path
                ],
            )
            for path in paths
        ]
        properties = {"diff": fix.diff} if fix.diff else {}
        return om.Fix(
            description=om.Message(text=f"{visible(fix.title).rstrip('.')} ({fix.applicability.value})."),
            artifact_changes=changes,
            properties={**properties, OURS: {"applicability": fix.applicability.value}},
        )

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


_REGION_FIELDS = ("line", "column", "end_line", "end_column", "snippet")


class _File:
    """A source file of the project, if it is there."""

    def __init__(self, path: str) -> None:
        self.path = path

    @functools.cached_property
    def text(self) -> str | None:
        """What codeql-action would read: UTF-8, a byte order mark kept."""
        try:
            return Path(self.path).read_bytes().decode("utf-8", "replace")
        except (OSError, ValueError):
            return None

    @functools.cached_property
    def rows(self) -> list[str]:
        """The lines, without line ends."""
        return re.split(r"\r\n|\r|\n", self.text or "")

    @functools.cached_property
    def hashes(self) -> list[str]:
        """The line hashes."""
        return line_hashes(self.text) if self.text is not None else []

    def unchanged(self, place: Location) -> bool:
        """Whether the file still says what the finding saw."""
        if self.text is None or place.end_line > len(self.rows):
            return False
        return not place.snippet or self.rows[place.line - 1 : place.end_line] == place.snippet.split("\n")

    def line_hash(self, place: Location) -> str:
        """GitHub's hash of the first line of a place, or nothing."""
        return self.hashes[place.line - 1] if self.unchanged(place) else ""

    def around(self, place: Location) -> tuple[list[str], list[str]]:
        """The lines just before and after a place."""
        if not self.unchanged(place):
            return [], []
        first = max(place.line - 1 - _CONTEXT, 0)
        return self.rows[first : place.line - 1], self.rows[place.end_line : place.end_line + _CONTEXT]


class _Scrub:
    """Takes absolute paths out of texts: the project root, installed packages, the home of the user."""

    def __init__(self, root: str) -> None:
        home = os.path.expanduser("~")
        prefixes = {root.rstrip("/\\"): "", (home if home not in ("/", "~") else ""): "~/"}
        self.prefixes = [(f"{prefix}{sep}", to) for prefix, to in prefixes.items() if prefix for sep in ("/", "\\")]

        self._known: dict[str, str] = {}

    def __call__(self, text: str) -> str:
        """`text` without them. The same few texts come again and again, so they are remembered."""
        known = self._known.get(text)
        if known is None:
            known = self._known[text] = self._clean(text)
        return known

    def _clean(self, text: str) -> str:
        if "-packages/" in text:
            text = re.sub(r"(?:[A-Za-z]:)?/[^\s'\"`()]*?/(?:site|dist)-packages/", "", text)
        for prefix, replacement in self.prefixes:
            if prefix in text:
                text = text.replace(prefix, replacement)
        return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")


def _plain(value: Any, scrub: _Scrub) -> Any:
    """sarif-om objects as JSON-ready data. Absent and default values go, but never a level, kind or rank of meaning."""
    kind = type(value)
    if kind is str:
        return scrub(value)
    if value is None or kind in (int, float, bool):
        return value
    if kind in (list, tuple):
        return [_plain(item, scrub) for item in value]
    if kind is dict:
        return {scrub(key): _plain(item, scrub) for key, item in value.items()}
    said = {}
    for name, key, default in _table(kind.__name__):
        item = getattr(value, name)
        if item is not None and (key in _ALWAYS or item != default):
            said[key] = _plain(item, scrub)
    return said


# A reader takes an absent one from elsewhere: `level` from the rule, `kind` from the tool.
_ALWAYS = frozenset({"level", "kind", "enabled", "importance"})


@functools.cache
def _table(kind: str) -> tuple[tuple[str, str, object], ...]:
    """(attribute, name in the schema, default) of the fields of a class of sarif-om."""
    return tuple(
        (item.name, item.metadata["schema_property_name"], None if callable(item.default) else item.default)
        for item in attr.fields(getattr(om, kind))
    )


def _help(rule: type[Finding]) -> om.MultiformatMessageString:
    page = explain_rule(rule)
    return om.MultiformatMessageString(text=page, markdown=page)


def _own_facts(finding: Finding) -> Json:
    plain = plain_finding(finding, "")
    names = ("module", "module_class", "fx_node", "op", "values", "occurrences", "modules", "facts", "fixes")
    own = {name: plain[name] for name in names}
    if finding.site.stand_in:
        own["stand_in"] = finding.site.stand_in
    for fix in own["fixes"]:
        del fix["edits"]
    return own


def _notification_rule(key: str, name: str, template: str, meaning: str) -> om.ReportingDescriptor:
    told = om.MultiformatMessageString(text=meaning)
    return om.ReportingDescriptor(
        id=key,
        name=name,
        short_description=told,
        full_description=told,
        help=told,
        message_strings={"default": om.MultiformatMessageString(text=template)},
        default_configuration=om.ReportingConfiguration(level="note"),
    )


def _notification(kind: int, arguments: tuple[str, ...], level: str) -> om.Notification:
    key, _, text, _ = _NOTIFICATIONS[kind]
    return om.Notification(
        message=om.Message(text=fill(text, arguments), id="default", arguments=list(arguments)),
        level=level,
        descriptor=om.ReportingDescriptorReference(id=key, index=kind),
    )


def _provenance(root: str) -> list[om.VersionControlDetails] | None:
    found = revision(root)
    if found is None:
        return None
    details = om.VersionControlDetails(
        repository_uri=found.uri,
        revision_id=found.commit or None,
        branch=found.branch or None,
        mapped_to=om.ArtifactLocation(uri_base_id=_ROOT),
    )
    return [details]


def _taxonomy(stages: Iterable[str]) -> om.ToolComponent:
    return om.ToolComponent(
        name="ExportPasses",
        version="1.0.0",
        short_description=om.MultiformatMessageString(text="The passes of an export."),
        taxa=[
            om.ReportingDescriptor(
                id=stage.upper(),
                name=stage.capitalize(),
                short_description=om.MultiformatMessageString(text=f"Found by pass '{stage}'."),
            )
            for stage in stages
        ],
        is_comprehensive=True,
        language="en-US",
    )


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


def _order(item: _Placed) -> tuple[Any, ...]:
    place, site = item.place, item.finding.site
    return (place.path, place.line, place.column, item.finding.id, site.module, site.op, item.phrase.text, site.fx_node)


def _watched(value: str) -> tuple[str, str]:
    """ "x: f32[2]" as a variable and what is known of it."""
    name, colon, known = value.partition(": ")
    return (visible(name), visible(known)) if colon else ("value", visible(value))


def _region_columns(place: Location) -> tuple[int, int]:
    rows = place.snippet.split("\n")
    end = place.end_column or max(len(rows[-1]), place.column) + 1
    if place.end_line == place.line:
        end = max(end, place.column)
    return place.column, end


def _cut(rows: list[str], start: int, end: int) -> str:
    """The text of a region, out of its whole lines."""
    cut = [*rows[:-1], rows[-1][: end - 1]]
    return "\n".join([cut[0][start - 1 :], *cut[1:]])


def _uri(path: str) -> str:
    return quote(path.encode("utf-8", "surrogateescape"), safe="/~")


def _slug(target: str) -> str:
    return re.sub(r"[^\w.:/-]+", "-", target.replace("\\", "/")).strip("/-") or "model"


def _times(report: Report) -> tuple[str | None, str | None]:
    """Start and end in UTC, if the report knows them."""
    try:
        start = datetime.fromisoformat(report.started.replace("Z", "+00:00"))
        start = start.replace(tzinfo=timezone.utc) if start.tzinfo is None else start.astimezone(timezone.utc)
        end = start + timedelta(seconds=report.seconds)
    except (ValueError, OverflowError):
        return None, None
    return _time(start), _time(end)


def _time(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _exit(report: Report) -> tuple[int, str]:
    if any(finding.id == "DX902" for finding in report.findings):
        return 130, "The run was interrupted."
    if report.crashed:
        return 3, "onnxdx failed on its own account."
    if not report.exported:
        return 1, "The model cannot be exported as it is."
    if report.count(Level.ERROR):
        return 1, "The model was exported, and has errors."
    return 0, "The model was exported."


@functools.cache
def _own_version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(TOOL)
    except PackageNotFoundError:
        return "0"
