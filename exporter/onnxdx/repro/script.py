"""The script that shows a finding again: it exports, prints what it finds, and its exit code says whether it shows."""

from __future__ import annotations

import ast
import json
import sys
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

from onnxdx.repro.literals import literal
from onnxdx.request import ExportOptions
from onnxdx_diagnostics.codec import shown_path, shown_text
from onnxdx_diagnostics.finding import Finding

_WIDTH = 110
_CARRIED = ("opset_version", "functions", "training", "optimize", "verify", "thorough")


@dataclass(frozen=True)
class Program:
    """A model and its inputs as source: definitions, the statements that make `model`, and what to call it with.

    `dynamic_shapes` and `registry` are expressions, empty for none.
    """

    imports: Sequence[str]
    definitions: str
    rows: Sequence[str]
    model: str
    args: Sequence[str]
    kwargs: Mapping[str, str]
    dynamic_shapes: str = ""
    registry: str = ""


def script(program: Program, finding: Finding, target: str, root: str, options: ExportOptions) -> str:
    """The whole script."""
    op = f' and finding.site.op == "{finding.site.op}"' if finding.site.op else ""
    body = [
        "torch.manual_seed(0)",
        *program.rows,
        f"args = ({', '.join(program.args)}{',' * (len(program.args) == 1)})",
    ]
    if program.kwargs or program.dynamic_shapes:
        body.append(f"kwargs = {{{', '.join(f'{json.dumps(name)}: {text}' for name, text in program.kwargs.items())}}}")
        body.append(f"return {program.model}, args, kwargs, {program.dynamic_shapes or None}")
    else:
        body.append(f"return {program.model}, args")
    define = "def build():\n" + textwrap.indent("\n".join(body), "    ")
    code = "\n\n\n".join(filter(None, [program.definitions.strip(), define]))
    head, main = _head(finding, target, root), _main(finding.id, op, options, program.registry)
    return f"{head}\n\n{_imports(code, program.imports)}\n\n\n{code}\n\n\n{main}\n"


def _head(finding: Finding, target: str, root: str) -> str:
    where = finding.site.location
    place = f"{shown_path(where.path, root)}:{where.line}" if where else "no line of its own"
    said = shown_text(finding.message(), root).replace("\\", "\\\\").replace('"""', "'''")
    use = (
        f"From {shown_text(target, root)}, {place}. It exports the model below, prints what is found, and exits"
        f" with 0 when {finding.id} is among it, with 1 when it is not. Given the name of a file, it saves the"
        " ONNX model there, as far as there is one."
    )
    head = textwrap.fill(f'"""{finding.id} {finding.name}: {said}', _WIDTH, break_long_words=False)
    return f'{head}\n\n{textwrap.fill(use, _WIDTH)}\n"""'


def _imports(code: str, needed: Sequence[str]) -> str:
    named = {node.id for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Name)}
    plain = {"import sys", "import torch", "import onnxdx", *needed}
    plain |= {f"import {name}" for name in ("math", "operator") if name in named}
    library: list[str] = []
    others: list[str] = []
    for row in sorted(plain, key=lambda row: (row.startswith("from"), row)):
        root = row.split()[1].partition(".")[0]
        (library if root in sys.stdlib_module_names else others).append(row)
    return "\n".join([*library, "", *others])


def _main(rule: str, op: str, options: ExportOptions, registry: str) -> str:
    plain = ExportOptions()
    given = {
        each.name: getattr(options, each.name)
        for each in fields(ExportOptions)
        if each.name in _CARRIED and getattr(options, each.name) != getattr(plain, each.name)
    }
    written = [f"{name}={literal(value)}" for name, value in given.items()]
    written += [f"onnx_registry={registry}"] if registry else []
    make = f"options = onnxdx.ExportOptions({', '.join(written)})" if written else ""
    return _MAIN.format(
        options=f"    {make}\n" if make else "",
        given=", options=options" if make else "",
        rule=rule,
        same=f'"{rule}"{op}',
    )


_MAIN = """if __name__ == "__main__":
    model, args, kwargs, dynamic_shapes = (*build(), {{}}, None)[:4]
{options}    try:
        program = onnxdx.export(model, args, kwargs, dynamic_shapes=dynamic_shapes{given})
        report = program.report
    except onnxdx.ExportError as error:
        program, report = error.program, error.report
    for finding in report.findings:
        print(f"{{finding.id}} {{finding.name}}: {{finding.message()}}")
    shown = any(finding.id == {same} for finding in report.findings)
    print("{rule} " + ("shows" if shown else "does not show"))
    if program is not None and sys.argv[1:]:
        program.save(sys.argv[1])
    raise SystemExit(0 if shown else 1)"""
