"""Findings as SARIF results: message, place, identities, fixes, and what is around the node."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sarif_om as om

from onnxdx_diagnostics import catalog
from onnxdx_diagnostics.anchor import project_path
from onnxdx_diagnostics.codec import plain_finding
from onnxdx_diagnostics.finding import Finding, Location
from onnxdx_diagnostics.fingerprint import LINE_HASH, NODE_KEY
from onnxdx_diagnostics.fix import Applicability, Edit, Fix
from onnxdx_diagnostics.graphs import Graphs
from onnxdx_diagnostics.phrase import Phrase, fill
from onnxdx_diagnostics.report import Report
from onnxdx_diagnostics.sarif.flow import code_flow, stacks
from onnxdx_diagnostics.sarif.places import Places
from onnxdx_diagnostics.sarif.plain import OURS, Json
from onnxdx_diagnostics.sarif.surroundings import Surroundings, result_graph, result_traversal
from onnxdx_diagnostics.sarif.tool import Messages, taxon
from onnxdx_diagnostics.visible import visible

# GitHub keeps this many, the primary location included.
MOST_LOCATIONS = 99


@dataclass(frozen=True)
class Placed:
    """A finding with the line of the project that stands for it, what is said of it, and what is around its node.

    `identity` is its own among all findings of the report.
    """

    finding: Finding
    identity: str
    place: Location
    phrase: Phrase
    around: Surroundings | None

    @property
    def order(self) -> tuple[Any, ...]:
        """Results are told in this order, whatever the order of the findings was."""
        at, site, rule = self.place, self.finding.site, self.finding.id
        return (at.path, at.line, at.column, rule, site.module, site.op, self.phrase.text, site.fx_node)


class Results:
    """Makes the results of one run, in the order in which they are to stand."""

    def __init__(self, report: Report, places: Places, graphs: Graphs | None) -> None:
        self.messages = {rule_id: Messages() for rule_id in catalog.ids()}
        self._report = report
        self._places = places
        self._graphs = graphs
        self._rules = {rule_id: index for index, rule_id in enumerate(catalog.ids())}

    def result(self, item: Placed) -> om.Result:
        """One finding as a result."""
        finding, said, site, places = item.finding, item.phrase, item.finding.site, self._places
        message = om.Message(
            text=said.text,
            id=self.messages[finding.id].add(said),
            arguments=list(said.arguments),
            markdown=fill(said.markdown, said.arguments),
        )
        location = om.Location(
            physical_location=places.physical(item.place, context=True), logical_locations=places.logical(site.module)
        )
        related = [
            om.Location(
                id=number,
                physical_location=places.physical(item.place, code=False),
                logical_locations=places.logical(module),
                message=om.Message(text=f"Also in module '{visible(module)}'."),
            )
            for number, module in enumerate([m for m in site.modules if m != site.module][:MOST_LOCATIONS], 1)
        ]
        fixes = [fix for fix in map(self._fix, finding.ways()) if fix is not None]
        way = result_traversal(item.around, said.text) if item.around else None
        return om.Result(
            rule_id=finding.id,
            rule_index=self._rules[finding.id],
            level=finding.level.value,
            kind="fail",
            message=message,
            locations=[location],
            related_locations=related or None,
            occurrence_count=site.occurrences if site.occurrences > 1 else None,
            partial_fingerprints=self._fingerprints(item),
            code_flows=[code_flow(finding, item.place, said.text, self._report, places, self._graphs)],
            stacks=stacks(finding, places) or None,
            fixes=fixes or None,
            graphs=[result_graph(item.around, places.node)] if item.around else None,
            graph_traversals=[way] if way else None,
            taxa=[taxon(finding.id)],
            properties={OURS: own_facts(finding)},
        )

    def _fingerprints(self, item: Placed) -> dict[str, str]:
        """Both identities of a result: the host's, when the file can be read and is what it was, and our own."""
        line_hash = self._places.line_hash(item.place)
        prints = {NODE_KEY: item.identity}
        return {LINE_HASH: line_hash, **prints} if line_hash else prints

    def _fix(self, fix: Fix) -> om.Fix | None:
        """A fix as edits; none when it is text only, was not tried, or would write outside the project.

        SARIF has no word for a file that is not there yet: a fix makes one by an insertion at its first character, as
        our own edits do, and its description says so.
        """
        paths = {edit.path: project_path(edit.path, self._report.root) for edit in fix.edits}
        if not paths or not all(paths.values()) or fix.applicability is Applicability.MANUAL:
            return None
        changes = [
            om.ArtifactChange(
                artifact_location=self._places.edited_file(shown),
                replacements=list(_replacements([edit for edit in fix.edits if edit.path == path])),
            )
            for path, shown in paths.items()
        ]
        sure = fix.applicability.value
        made = [shown for path, shown in paths.items() if (path, "") in fix.seen]
        told = f"{sure}; makes {', '.join(map(visible, made))}" if made else sure
        properties = {"diff": fix.diff} if fix.diff else {}
        return om.Fix(
            description=om.Message(text=f"{visible(fix.title).rstrip('.')} ({told})."),
            artifact_changes=changes,
            properties={**properties, OURS: {"applicability": sure}},
        )


def _replacements(edits: list[Edit]) -> Iterator[om.Replacement]:
    """The edits of one file from its start on; what is inserted at one place is one replacement, and stays in order."""
    places: dict[tuple[int, int, int, int], str] = {}
    for edit in sorted(edits, key=lambda edit: (edit.start_line, edit.start_column, edit.end_line, edit.end_column)):
        place = (edit.start_line, edit.start_column, edit.end_line, edit.end_column)
        places[place] = places.get(place, "") + edit.text
    for (start_line, start_column, end_line, end_column), text in places.items():
        yield om.Replacement(
            deleted_region=om.Region(
                start_line=start_line, start_column=start_column, end_line=end_line, end_column=end_column
            ),
            inserted_content=om.ArtifactContent(text=text),
        )


def own_facts(finding: Finding) -> Json:
    """What `onnxdx explain FILE.sarif` needs to make the finding again, besides its place and stack."""
    told = plain_finding(finding, "")
    names = ("module", "module_class", "fx_node", "op", "values", "occurrences", "modules", "facts", "fixes")
    own = {name: told[name] for name in names}
    if finding.site.stand_in:
        own["stand_in"] = finding.site.stand_in
    for fix in own["fixes"]:
        del fix["edits"], fix["seen"]
    return own
