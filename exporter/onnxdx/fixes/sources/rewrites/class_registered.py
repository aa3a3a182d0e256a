"""A class whose tensors torch cannot see, registered behind its definition, or where a class of a library is used."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from typing import Any

import libcst as cst
import torch as t

from onnxdx.eager import plain_run
from onnxdx.fixes.sources.fault import Candidate, Fault
from onnxdx.fixes.sources.source_file import SourceFile
from onnxdx_diagnostics.fix import Edit

RULES = frozenset({"DX108", "DX109"})
_CONSTANT = (bool, int, float, str, t.dtype, t.device, type)
Place = tuple[SourceFile, cst.BaseStatement, tuple[Edit, ...]]
"""A file, the statement behind which a class can be registered, and what must be imported for that."""


def candidates(fault: Fault) -> Iterator[Candidate]:
    """As a dataclass, as a dict, by its constructor, or by its attributes."""
    facts = fault.finding.facts()
    name = str(facts["type_name"]).rpartition(".")[2]
    value = next((each for each in _objects(fault) if type(each).__name__ == name), None)
    found = (_definition(fault, name, value) or _import(fault, name, value)) if value is not None else None
    if found is None:
        return
    file, statement, imported = found
    torch, imports = file.importing("torch")
    for text in _registrations(torch, name, value, bool(facts.get("is_dataclass"))):
        edit = file.insert_after(statement, f"\n\n{text}")
        yield Candidate(f"Register `{name}`, so that torch sees its tensors", (*imports, *imported, edit))


def _objects(fault: Fault) -> Iterator[Any]:
    """What goes into the model and what comes out, and all parts of it."""
    request = fault.evidence.request
    queue: list[Any] = [*request.args, *request.kwargs.values()]
    if fault.finding.id == "DX109":
        ran = plain_run.run(request.model, request.args, request.kwargs)
        queue = [ran.output] if isinstance(ran, plain_run.Ran) else []
    for value in queue:
        yield value
        if isinstance(value, dict):
            queue += value.values()
        elif isinstance(value, (list, tuple, set)):
            queue += value
        elif hasattr(value, "__dict__") and not isinstance(value, (t.Tensor, t.nn.Module, type)):
            queue += vars(value).values()


def _definition(fault: Fault, name: str, value: Any) -> Place | None:
    """The `class` statement at the top of a file of the user's."""
    try:
        path = inspect.getsourcefile(type(value))
    except TypeError:
        path = None
    for each in dict.fromkeys(filter(None, (path, fault.file.path))):
        file = fault.other_file(each)
        for statement in file.module.body if file is not None else ():
            if isinstance(statement, cst.ClassDef) and statement.name.value == name and file is not None:
                return file, statement, ()
    return None


def _import(fault: Fault, name: str, value: Any) -> Place | None:
    """The last import at the top of the finding's file, for a class of a library that can be imported by its name."""
    kind, file = type(value), fault.file
    if getattr(sys.modules.get(kind.__module__), name, None) is not kind:
        return None
    imports = [
        line
        for line in file.module.body
        if isinstance(line, cst.SimpleStatementLine) and isinstance(line.body[0], (cst.Import, cst.ImportFrom))
    ]
    if not imports:
        return None
    return file, imports[-1], (file.add_import(f"from {kind.__module__} import {name}"),)


def _registrations(torch: str, name: str, value: Any, is_dataclass: bool) -> Iterator[str]:
    if is_dataclass:
        yield f"{torch}.export.register_dataclass({name})"
    register = f"{torch}.utils._pytree.register_pytree_node(\n    {name},\n"
    variable = re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
    variable = "value" if variable == name else variable
    if isinstance(value, dict):
        yield (
            f"{register}    lambda {variable}: (list({variable}.values()), list({variable})),\n"
            f"    lambda values, keys: {name}(zip(keys, values)),\n"
            f"    flatten_with_keys_fn=lambda {variable}: (\n"
            f"        [({torch}.utils._pytree.MappingKey(key), value) for key, value in {variable}.items()],\n"
            f"        list({variable}),\n    ),\n)"
        )
        return
    attributes = list(vars(value)) if hasattr(value, "__dict__") else []
    constants = [each for each in attributes if isinstance(getattr(value, each), _CONSTANT)]
    if constants:
        yield _with_constants(torch, register, name, variable, attributes, constants)
        return
    try:
        parameters = list(inspect.signature(type(value)).parameters)
    except (TypeError, ValueError):
        parameters = []
    if parameters and set(parameters) == set(attributes):
        tensors = ", ".join(f"{variable}.{each}" for each in parameters)
        keyed = "".join(
            f'            ({torch}.utils._pytree.GetAttrKey("{each}"), {variable}.{each}),\n' for each in parameters
        )
        yield (
            f"{register}    lambda {variable}: ([{tensors}], None),\n"
            f"    lambda values, _: {name}(*values),\n"
            f"    flatten_with_keys_fn=lambda {variable}: (\n        [\n{keyed}        ],\n        None,\n    ),\n)"
        )
    if attributes:
        restored = f"_{variable}_of"
        yield (
            f"def {restored}(values, names):\n"
            f"    {variable} = object.__new__({name})\n"
            f"    vars({variable}).update(zip(names, values))\n"
            f"    return {variable}\n\n\n"
            f"{register}    lambda {variable}: (list(vars({variable}).values()), list(vars({variable}))),\n"
            f"    {restored},\n"
            f"    flatten_with_keys_fn=lambda {variable}: (\n"
            f"        [({torch}.utils._pytree.GetAttrKey(name), value) for name, value in vars({variable}).items()],\n"
            f"        list(vars({variable})),\n    ),\n)"
        )


def _with_constants(
    torch: str, register: str, name: str, variable: str, attributes: list[str], constants: list[str]
) -> str:
    """The registration of a class that also holds numbers and texts, which are no inputs."""
    tensors = [each for each in attributes if each not in constants]
    values = ", ".join(f"{variable}.{each}" for each in tensors)
    others = ", ".join(f"{variable}.{each}" for each in constants)
    keyed = "".join(
        f'            ({torch}.utils._pytree.GetAttrKey("{each}"), {variable}.{each}),\n' for each in tensors
    )
    return (
        f"def _{variable}_of(tensors, constants):\n"
        f"    {variable} = object.__new__({name})\n"
        f"    vars({variable}).update(zip({_quoted(tensors)}, tensors))\n"
        f"    vars({variable}).update(zip({_quoted(constants)}, constants))\n"
        f"    return {variable}\n\n\n"
        f"{register}    lambda {variable}: ([{values}], [{others}]),\n    _{variable}_of,\n"
        f"    flatten_with_keys_fn=lambda {variable}: (\n        [\n{keyed}        ],\n        [{others}],\n    ),\n)"
    )


def _quoted(names: list[str]) -> str:
    return "[" + ", ".join(f'"{name}"' for name in names) + "]"
