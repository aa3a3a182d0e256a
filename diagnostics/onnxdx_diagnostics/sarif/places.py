"""Where things are, as SARIF says it: files of the project, regions with their code, modules of the model.

Results point into the tables of files and modules, which grow while results are made.
"""

from __future__ import annotations

import functools
import re
from pathlib import Path
from urllib.parse import quote

import sarif_om as om

from onnxdx_diagnostics.anchor import installed_path, project_path
from onnxdx_diagnostics.finding import Location
from onnxdx_diagnostics.fingerprint import line_hashes
from onnxdx_diagnostics.graphs import Node
from onnxdx_diagnostics.visible import visible

ROOT = "%SRCROOT%"
INSTALLED = "%PYTHONLIB%"
_CONTEXT = 2


class Places:
    """The files and modules of one run. Paths of places are relative to `root`, as `anchor` gives them."""

    def __init__(self, root: str) -> None:
        self.root = root
        self._artifacts: dict[str, int] = {}
        self._modules: dict[str, int] = {}
        self._files: dict[str, _File] = {}

    def artifacts(self) -> list[om.Artifact]:
        """The table of files that results are in."""
        return [
            om.Artifact(
                location=om.ArtifactLocation(uri=_uri(path), uri_base_id=ROOT, index=index),
                roles=["analysisTarget"],
                mime_type="text/x-python",
                source_language="python",
            )
            for path, index in self._artifacts.items()
        ]

    def artifact_location(self, path: str) -> om.ArtifactLocation:
        """A file of the project."""
        index = self._artifacts.setdefault(path, len(self._artifacts))
        return om.ArtifactLocation(uri=_uri(path), uri_base_id=ROOT, index=index)

    def edited_file(self, path: str) -> om.ArtifactLocation:
        """A file of the project that a fix edits, which need not be one that was looked at, nor be there."""
        return om.ArtifactLocation(uri=_uri(path), uri_base_id=ROOT)

    def logical_locations(self) -> list[om.LogicalLocation]:
        """The tree of modules that results are in."""
        return [
            om.LogicalLocation(
                name=visible(path.rpartition(".")[2]),
                fully_qualified_name=visible(path),
                kind="module",
                index=index,
                parent_index=self._modules.get(path.rpartition(".")[0], -1),
            )
            for path, index in self._modules.items()
        ]

    def logical(self, module: str) -> list[om.LogicalLocation] | None:
        """A reference to a module of the model."""
        if not module:
            return None
        return [om.LogicalLocation(index=self._module(module), fully_qualified_name=visible(module))]

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
            context_region=self._context(place, rows) if context and rows else None,
        )

    def frame(self, location: Location) -> om.PhysicalLocation | None:
        """Where a frame of a stack is, when that can be said without an absolute path."""
        path = project_path(location.path, self.root)
        installed = installed_path(location.path)
        if not path and not installed:
            return None
        artifact = (
            self.artifact_location(path) if path else om.ArtifactLocation(uri=_uri(installed), uri_base_id=INSTALLED)
        )
        snippet = om.ArtifactContent(text=location.snippet) if location.snippet else None
        region = om.Region(start_line=location.line, end_line=location.end_line, snippet=snippet)
        return om.PhysicalLocation(artifact_location=artifact, region=region)

    def node(self, node: Node) -> om.Location | None:
        """Where a node of a graph is: its line in the project and its module, as far as they are known."""
        path = project_path(node.path, self.root) if node.path else ""
        place = (
            om.PhysicalLocation(artifact_location=self.artifact_location(path), region=om.Region(start_line=node.line))
            if path
            else None
        )
        if place is None and not node.module:
            return None
        return om.Location(physical_location=place, logical_locations=self.logical(node.module))

    def line_hash(self, place: Location) -> str:
        """GitHub's hash of the first line of a place; nothing when the file cannot be read or has changed since."""
        return self._file(place).line_hash(place)

    def _context(self, place: Location, rows: list[str]) -> om.Region | None:
        """The whole lines around a region: more than the region, or nothing (SARIF1008)."""
        before, after = self._file(place).around(place)
        if not before and not after and _region_columns(place) == (1, len(rows[-1]) + 1):
            return None
        return om.Region(
            start_line=place.line - len(before),
            end_line=place.end_line + len(after),
            snippet=om.ArtifactContent(text="\n".join([*before, *rows, *after])),
        )

    def _file(self, place: Location) -> _File:
        """The source file of a place of the project, read once."""
        if place.path not in self._files:
            full = f"{self.root}/{place.path}" if self.root else place.path
            self._files[place.path] = _File(full)
        return self._files[place.path]

    def _module(self, path: str) -> int:
        """The index of a module; its parents come before it."""
        if path not in self._modules:
            parent = path.rpartition(".")[0]
            if parent:
                self._module(parent)
            self._modules[path] = len(self._modules)
        return self._modules[path]


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
