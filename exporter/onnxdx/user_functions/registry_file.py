"""Registry files: a Python file in which the user says which ONNX functions stand for which operators.

The file defines `registry`, an `OnnxRegistry`, and puts each function under the operator that it stands for:

    registry = onnxdx.OnnxRegistry()

    @registry.op("mylib::twist")
    def twist(x, turns: int):
        return ...

There is this one form. A chain of `with_op` would have its functions in one place and their names in another; a global
decorator would fill a registry that nobody sees, with what any import registers. Here the file is a value as in Python
(`from operators import registry`), one function is one block that can be added, read and taken away alone, and a
decorator says on its line what it is about.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path
from types import ModuleType

from onnxdx.registry import Entry, OnnxRegistry, RegistrationError
from onnxdx.targets.target_error import TargetError, TargetMisnamed
from onnxdx.targets.user_files import already_run, run_file, said, site_of
from onnxdx_diagnostics.finding import Site
from onnxdx_diagnostics.rules.dx709_registry_not_found import RegistryNotFound
from onnxdx_diagnostics.rules.dx710_registry_file_raises import RegistryFileRaises
from onnxdx_diagnostics.rules.dx711_no_registry_in_file import NoRegistryInFile
from onnxdx_diagnostics.rules.dx713_registered_twice import RegisteredTwice
from onnxdx_diagnostics.source import region

_NAME = "registry"


def check(path: Path) -> None:
    """Raises TargetMisnamed when there is no Python file at `path`."""
    if not path.is_file() or path.suffix != ".py":
        raise TargetMisnamed(RegistryNotFound(Site(), str(path), missing=not path.is_file()))


def load(path: Path, root: str) -> OnnxRegistry:
    """The registry that a file defines; runs it, unless it is the target's own and has been run.

    Raises TargetMisnamed when there is no such file, TargetError when something is wrong with it; KeyboardInterrupt
    passes through.
    """
    check(path)
    path = path.resolve()
    return _registry_of(already_run(path) or _run(path, root), path)


def reload(path: Path, root: str) -> OnnxRegistry:
    """The registry that a file defines by now: it is run as a new module. Raises as `load`."""
    check(path)
    path = path.resolve()
    return _registry_of(_run(path, root), path)


def _registry_of(module: ModuleType, path: Path) -> OnnxRegistry:
    found = getattr(module, _NAME, None)
    if not isinstance(found, OnnxRegistry):
        kind = type(found).__name__ if hasattr(module, _NAME) else ""
        raise TargetError(NoRegistryInFile(Site(region(str(path), _assignment(path))), path.name, kind))
    _check_once(found, path)
    return found


def _run(path: Path, root: str) -> ModuleType:
    try:
        return run_file(path)
    except KeyboardInterrupt:
        raise
    except RegistrationError as error:
        raise TargetError(error.finding()) from error
    except BaseException as error:
        site = site_of(error, root, {str(path)}, region(str(path), 1))
        raise TargetError(RegistryFileRaises(site, path.name, type(error).__name__, said(error))) from error


def _check_once(registry: OnnxRegistry, path: Path) -> None:
    for operator, entries in registry.user.items():
        lines: dict[bool, list[tuple[int, Entry]]] = defaultdict(list)
        for entry in reversed(entries):
            file, _, number = entry.registered.rpartition(":")
            if file == str(path):
                lines[entry.complex].append((int(number), entry))
        for (line, first), (again, second), *_ in (found for found in lines.values() if len(found) > 1):
            site = Site(region(str(path), again))
            raise TargetError(RegisteredTwice(site, operator, first.name, second.name, line))


def _assignment(path: Path) -> int:
    """The line on which the file gives `registry` a value; its first line when there is none."""
    for statement in ast.parse(path.read_bytes()).body:
        if any(isinstance(node, ast.Name) and node.id == _NAME for node in _targets(statement)):
            return statement.lineno
    return 1


def _targets(statement: ast.stmt) -> list[ast.expr]:
    match statement:
        case ast.Assign(targets=targets):
            return targets
        case ast.AnnAssign(target=target):
            return [target]
        case _:
            return []
