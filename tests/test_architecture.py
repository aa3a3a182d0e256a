"""The house rules of ARCHITECTURE.md, read from the source: who may import whom, and where private names may stand."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE_ROOTS = ("diagnostics", "exporter", "tui")
# Each layer may import itself and those before it.
LAYERS = ("onnxdx_diagnostics", "onnxdx", "onnxdx_tui")
ONLY_EXPORTER = {"torch", "onnx", "onnx_ir", "onnxscript", "onnxruntime"}
ONLY_TUI = {"textual", "click"}
PRIVATE_OF = ("torch", "onnxscript")
PASSES = "onnxdx.passes."
COMPAT = "onnxdx.compat."


@dataclass(frozen=True)
class Module:
    """One source file, with what it imports and which dotted names it reads, wherever in it that stands."""

    path: Path

    @property
    def name(self) -> str:
        parts = self.path.relative_to(ROOT).with_suffix("").parts[1:]
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @property
    def layer(self) -> str:
        return self.name.split(".")[0]

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.path.read_text(encoding="utf-8"))

    @cached_property
    def imports(self) -> tuple[str, ...]:
        """Every imported module or name, dotted: `from a.b import c` gives "a.b.c"."""
        return tuple(self._imports())

    def _imports(self) -> Iterator[str]:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield from (f"{node.module}.{alias.name}" for alias in node.names)

    @cached_property
    def reads(self) -> tuple[str, ...]:
        """Every dotted name that is read, with imported aliases resolved: "torch._C._foo"."""
        aliases = dict(self._aliases())
        dotted = (_dotted(node) for node in ast.walk(self.tree) if isinstance(node, ast.Attribute))
        heads = (name.partition(".") for name in dotted if name)
        return tuple(aliases.get(head, head) + dot + rest for head, dot, rest in heads)

    def _aliases(self) -> Iterator[tuple[str, str]]:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from ((alias.asname, alias.name) for alias in node.names if alias.asname)
            elif isinstance(node, ast.ImportFrom):
                yield from ((alias.asname or alias.name, f"{node.module}.{alias.name}") for alias in node.names)


def _dotted(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=name):
            owner = _dotted(value)
            return f"{owner}.{name}" if owner else ""
    return ""


def _modules() -> list[Module]:
    return [Module(path) for folder in SOURCE_ROOTS for path in sorted((ROOT / folder).rglob("*.py"))]


MODULES = _modules()


def offenders(found: Callable[[Module], Iterable[str]]) -> dict[str, set[str]]:
    """The modules in which `found` finds something, and what."""
    names = {module.name: set(found(module)) for module in MODULES}
    return {module: each for module, each in names.items() if each}


def is_private(dotted: str) -> bool:
    head, *rest = dotted.split(".")
    return head in PRIVATE_OF and any(part.startswith("_") and not part.endswith("__") for part in rest)


def test_a_layer_imports_only_itself_and_those_below() -> None:
    def upward(module: Module) -> Iterator[str]:
        above = LAYERS[LAYERS.index(module.layer) + 1 :]
        return (name for name in module.imports if name.split(".")[0] in above)

    assert offenders(upward) == {}


def test_heavy_packages_stay_in_their_layer() -> None:
    def foreign(module: Module) -> Iterator[str]:
        barred = {"onnxdx_diagnostics": ONLY_EXPORTER | ONLY_TUI, "onnxdx": ONLY_TUI, "onnxdx_tui": ONLY_EXPORTER}
        return (name for name in module.imports if name.split(".")[0] in barred[module.layer])

    assert offenders(foreign) == {}


def test_private_names_of_torch_and_onnxscript_stand_only_in_compat() -> None:
    def private(module: Module) -> Iterator[str]:
        names = () if module.name.startswith(COMPAT) else (*module.imports, *module.reads)
        return filter(is_private, names)

    assert offenders(private) == {}


def test_the_exporter_of_torch_is_never_used() -> None:
    def used(module: Module) -> Iterator[str]:
        return (name for name in (*module.imports, *module.reads) if name.startswith("torch.onnx"))

    assert offenders(used) == {}


def test_a_pass_never_imports_another() -> None:
    def sisters(module: Module) -> Iterator[str]:
        if not module.name.startswith(PASSES):
            return iter(())
        own = module.name.removeprefix(PASSES).split(".")[0]
        found = (name for name in module.imports if name.startswith(PASSES))
        return (name for name in found if name.removeprefix(PASSES).split(".")[0] != own)

    assert offenders(sisters) == {}


def test_rooms_of_the_exporter_import_one_another_in_one_direction() -> None:
    rooms = {name for module in MODULES if (name := _room(module.name)) and module.path.stem != "__init__"}
    below: dict[str, set[str]] = {room: set() for room in rooms}
    for module in MODULES:
        if (room := _room(module.name)) in rooms:
            below[room] |= {other for name in module.imports if (other := _room(name)) in rooms - {room}}

    assert set(TopologicalSorter(below).static_order()) == rooms  # which raises where it goes in circles


def _room(name: str) -> str:
    """The package of the exporter that a module belongs to; empty for modules at its top and of other layers."""
    layer, *rest = name.split(".")
    return rest[0] if layer == "onnxdx" and len(rest) > 1 else ""


def test_imports_are_absolute() -> None:
    def relative(module: Module) -> Iterator[str]:
        nodes = (node for node in ast.walk(module.tree) if isinstance(node, ast.ImportFrom) and node.level)
        return (node.module or "." for node in nodes)

    assert offenders(relative) == {}


def test_every_module_says_what_room_it_is() -> None:
    assert [module.name for module in MODULES if not ast.get_docstring(module.tree)] == []


def test_no_module_is_a_drawer() -> None:
    drawers = {"utils", "util", "helpers", "helper", "common", "misc"}

    assert [module.name for module in MODULES if module.path.stem.strip("_") in drawers] == []


def test_roots_and_tests_are_no_packages() -> None:
    folders = [ROOT, *(ROOT / name for name in (*SOURCE_ROOTS, "tests", "samples"))]

    assert [folder for folder in folders if (folder / "__init__.py").exists()] == []


def test_each_package_is_typed() -> None:
    assert all(
        (ROOT / folder / layer / "py.typed").exists() for folder, layer in zip(SOURCE_ROOTS, LAYERS, strict=True)
    )


@pytest.mark.parametrize("imported", ["onnxdx_diagnostics.explain", "onnxdx_diagnostics.sarif.log", "onnxdx_tui.cli"])
def test_reports_open_without_torch(imported: str) -> None:
    assert not ONLY_EXPORTER & imported_by(imported)


def test_the_app_starts_without_anything_heavy() -> None:
    heavy = ONLY_EXPORTER | {"numpy", "networkx", "sarif_om", "pygments", "tree_sitter", "rich.markdown"}

    assert not heavy & imported_by("onnxdx_tui.workspace.app")


def imported_by(name: str) -> set[str]:
    """The modules that a fresh Python has after importing one."""
    program = f"import sys, {name}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=_env())
    return set(done.stdout.split())


def _env() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(str(ROOT / folder) for folder in SOURCE_ROOTS)}
