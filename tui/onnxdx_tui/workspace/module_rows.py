"""The tree of modules: how many nodes each holds and how many findings, its branches open or closed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from onnxdx_diagnostics.graphs import Graphs, Stage, Status
from onnxdx_diagnostics.report import Report
from onnxdx_tui.workspace.line import Line, Span, line, shown
from onnxdx_tui.workspace.search import Filter


@dataclass
class Branch:
    """One module, with what is in it and in its submodules."""

    path: str
    nodes: int = 0
    findings: int = 0
    inside: dict[str, Branch] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition(".")[2]


def tree_of(graphs: Graphs | None, report: Report) -> Branch:
    """The modules of a run: those of the captured program, and those that findings are in."""
    root = Branch("")
    captured = next((graph for graph in graphs.stages if graph.stage is Stage.CAPTURED), None) if graphs else None
    numbers: dict[str, int] = {}
    for node in captured.nodes if captured else ():
        if node.status is not Status.SOURCE and node.status is not Status.RESULT:
            numbers[node.module] = numbers.get(node.module, 0) + 1
    for module, number in numbers.items():
        for branch in _path(root, module):
            branch.nodes += number
    for finding in report.findings:
        site = finding.site
        for module in dict.fromkeys((*site.modules, site.module)) if site.modules else (site.module,):
            for branch in _path(root, module):
                branch.findings += 1
    return root


def _path(root: Branch, module: str) -> Iterator[Branch]:
    branch = root
    yield branch
    for name in module.split(".") if module and not module.startswith("_empty") else ():
        path = f"{branch.path}.{name}" if branch.path else name
        branch = branch.inside.setdefault(name, Branch(path))
        yield branch


def opened_for(module: str) -> frozenset[str]:
    """The branches to open so that a module is seen."""
    parts = module.split(".") if module else []
    return frozenset({"", *(".".join(parts[:number]) for number in range(1, len(parts)))})


def module_lines(root: Branch, open_branches: frozenset[str], wanted: Filter, title: str) -> list[Line]:
    """The rows of the open branches; with a filter, all modules that it lets through. The key of a row is the path."""
    if wanted.text:
        return [_line(branch, 0, "  ", shown(branch.path)) for branch in _all(root) if wanted.admits(branch.path)]
    return list(_rows(root, open_branches, 0, shown(title)))


def _rows(branch: Branch, open_branches: frozenset[str], depth: int, name: str) -> Iterator[Line]:
    is_open = branch.path in open_branches
    yield _line(branch, depth, "  " if not branch.inside else "▼ " if is_open else "▶ ", name)
    if is_open:
        for each in branch.inside.values():
            yield from _rows(each, open_branches, depth + 1, shown(each.name))


def _line(branch: Branch, depth: int, mark: str, name: str) -> Line:
    spans = [Span("  " * depth + mark, "lane"), Span(name, "" if branch.path else "title")]
    if branch.findings:
        spans.append(Span(f"  ✗{branch.findings}", "error"))
    spans.append(Span(f"  {branch.nodes} node{'s' * (branch.nodes != 1)}" if branch.nodes else "", "dim"))
    return line(*spans, key=branch.path)


def _all(root: Branch) -> Iterable[Branch]:
    for branch in root.inside.values():
        yield branch
        yield from _all(branch)
