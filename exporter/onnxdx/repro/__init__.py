"""Repros: from a finding, a small script that shows it again, on its own.

Ways, the smallest program first: the operator of the finding with as much of the graph before it as it takes, then the
module that its line belongs to, then the modules around that. A script counts only when it was run, in a process of its
own, and showed the same rule (on the same operator). Weights and inputs are draws of the same shapes, dtypes and sizes.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from torch import fx

from onnxdx.compat.pytree import flat_inputs
from onnxdx.eager.eager_run import untouched
from onnxdx.program import ONNXProgram
from onnxdx.registry import key_of
from onnxdx.repro import fragments, onnx_functions, operators
from onnxdx.repro.literals import NoSource, dim, literal
from onnxdx.repro.modules import BARE, Call, Rebuilt, recorded_calls
from onnxdx.repro.script import Program, script
from onnxdx.repro.sources import Sources
from onnxdx.repro.trial import run_script
from onnxdx.request import ExportRequest
from onnxdx.user_code.provenance import SourceMap
from onnxdx_diagnostics.atomic import write_text
from onnxdx_diagnostics.finding import Finding

SCRIPT = "repro.py"
FRAGMENT = "repro.onnx"
_OF_OPERATORS = ("DX2", "DX3", "DX41", "DX5", "DX60", "DX715")
"""Families of rules whose findings are about one operator."""


@dataclass(frozen=True)
class Repro:
    """A script that shows the finding: what it holds ("the operator", "the module `layers.0`"), and its text."""

    holds: str
    text: str


@dataclass(frozen=True)
class NotReproduced:
    """Why there is no script; `tried` says what was tried and what came of it."""

    tried: tuple[str, ...]


@dataclass(frozen=True)
class _Draft:
    holds: str
    program: Program


def repro(
    finding: Finding, request: ExportRequest, program: ONNXProgram | None, seconds: float
) -> Repro | NotReproduced:
    """The smallest program found, within about `seconds`, that shows the same rule as `finding`."""
    tried: list[str] = []
    deadline = time.perf_counter() + seconds
    for made in _drafts(finding, request, program, tried):
        if time.perf_counter() > deadline:
            tried.append(f"the time of {seconds:g} s is over")
            break
        text = script(made.program, finding, request.target, request.root, request.options)
        with tempfile.TemporaryDirectory(prefix="onnxdx-repro-") as folder:
            save(text, Path(folder))
            outcome = run_script(Path(folder) / SCRIPT, max(deadline - time.perf_counter(), 1.0))
        if outcome.shows:
            return Repro(made.holds, text)
        tried.append(f"{made.holds}: {outcome.said}")
    return NotReproduced(tuple(tried))


def save(text: str, folder: Path) -> None:
    """Put a script into a folder, which is made. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    write_text(folder / SCRIPT, text)


def _drafts(
    finding: Finding, request: ExportRequest, program: ONNXProgram | None, tried: list[str]
) -> Iterator[_Draft]:
    if program is not None and finding.id.startswith(_OF_OPERATORS):
        yield from _of_graph(finding, request, program, tried)
    yield from _of_modules(finding, request, tried)


def _of_graph(finding: Finding, request: ExportRequest, program: ONNXProgram, tried: list[str]) -> Iterator[_Draft]:
    """The operator, then more and more of the graph before it."""
    captured = program.draft.captured
    node = next((node for node in captured.exported.graph.nodes if node.name == finding.site.fx_node), None)
    node = node or _captured_node(finding.site.fx_node, program)
    if node is None or node.op != "call_function":
        tried.append("the operator: the captured graph has no node of its name")
        return
    parts = list(fragments.around(node))
    try:
        flat = flat_inputs(captured.exported, request.args, request.kwargs)
    except ValueError as error:
        tried.append(f"the operator: {error}")
        return
    known = fragments.values(captured.exported, flat, {each for part in parts for each in part.inputs})
    is_user = partial(_is_user, request)
    for part in parts:
        holds = "the operator" if len(part.nodes) == 1 else f"the operator and {len(part.nodes) - 1} before it"
        try:
            sources = Sources(is_user)
            stand_ins = operators.take(part, sources)
            registry = onnx_functions.take(request, sources, {key_of(node.target) for node in part.nodes})
            written = fragments.written(part, captured.exported, known, captured.dims)
        except NoSource as reason:
            tried.append(f"{holds}: {reason} cannot be written as source")
            continue
        definitions = "\n\n\n".join(filter(None, [sources.code(), stand_ins, written.module]))
        rows = [f"{name} = {text}" for name, text in written.inputs.items()]
        shapes = fragments.shapes_of(written)
        base = Program(
            sources.imports, definitions, rows, "Repro().eval()", tuple(written.inputs), {}, shapes, registry
        )
        yield _Draft(holds, base)
        if shapes:
            yield _Draft(f"{holds}, of fixed size", replace(base, dynamic_shapes=""))


def _captured_node(name: str, program: ONNXProgram) -> fx.Node | None:
    """The node of the captured graph that one of the decomposed graph was made of."""
    decomposed = program.draft.plan.plan.program
    found = next((node for _, graph in decomposed.graphs() for node in graph.nodes if node.name == name), None)
    while found is not None and found in decomposed.origins:
        found = decomposed.origins[found]
    return found if found is not None and found.graph is program.draft.captured.exported.graph else None


def _of_modules(finding: Finding, request: ExportRequest, tried: list[str]) -> Iterator[_Draft]:
    """The module of the finding, then those around it, and last the whole model."""
    paths = _paths(finding.site.module, request)
    for path in paths:
        holds = f"the module `{path}`" if path else "the whole model"
        rebuilt = Rebuilt(Sources(partial(_is_user, request)))
        with untouched(request.model, request.options.training):
            calls = recorded_calls(request.model, {path}, partial(_run, request), rebuilt.value)
            call = calls.get(path, NoSource("inputs that no call gives it"))
            try:
                if isinstance(call, NoSource):
                    raise call
                yield _Draft(holds, _program(rebuilt, request, path, call))
            except NoSource as reason:
                tried.append(f"{holds}: {reason} cannot be written as source")


def _program(rebuilt: Rebuilt, request: ExportRequest, path: str, call: Call) -> Program:
    made = rebuilt.module(request.model.get_submodule(path), "model")
    registry = onnx_functions.take(request, rebuilt.sources)
    definitions = [rebuilt.sources.code(), BARE if rebuilt.bare else ""]
    shapes = ""
    if not path and request.dynamic_shapes is not None:
        shapes = literal(request.dynamic_shapes, dim)
    imports = (*rebuilt.imports, *rebuilt.sources.imports)
    code = "\n\n\n".join(filter(None, definitions))
    return Program(imports, code, rebuilt.rows, made, call.args, call.kwargs, shapes, registry)


def _paths(module: str, request: ExportRequest) -> list[str]:
    """The path of a module and of those around it, innermost first; those that are there."""
    names = module.split(".") if module else []
    paths = [".".join(names[:length]) for length in range(len(names), -1, -1)]
    known = {path for path, _ in request.model.named_modules(remove_duplicate=False)}
    return [path for path in paths if path in known]


def _run(request: ExportRequest) -> None:
    try:
        request.model(*request.args, **request.kwargs)
    except Exception:  # what was recorded before the model failed is good
        return


def _is_user(request: ExportRequest, path: str) -> bool:
    return SourceMap(request.root, None).is_user(path)
