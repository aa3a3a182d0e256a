"""What `torch.onnx.export(dynamo=True)` says about a program: whether it raises, and which lines its words point to.

The peer gets what onnxdx gets: the same model, inputs, dynamic shapes and ONNX functions of the user's own.
"""

from __future__ import annotations

import importlib.util
import re
import sys
import traceback
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_FRAME = re.compile(r'^\s*File "(?P<path>[^"]+)", line (?P<line>\d+)')
_CAUSED = re.compile(r"Caused by: .*?\(?(?P<path>[\w./-]+\.py):(?P<line>\d+) in ")


@dataclass(frozen=True)
class Answer:
    """How the peer ended, and the lines of the program in its message.

    `outcome` is "model" when it hands one out, "raises" when it raises, "ends" when its process does and "hangs" when
    that had to be ended; `named` are the lines that it gives as the place of the fault (the innermost line of the
    program in a stack), `mentioned` those that stand anywhere in it.
    """

    outcome: str
    named: Sequence[int] = ()
    mentioned: Sequence[int] = ()
    length: int = 0


def export(path: Path, opset: int | None = None) -> str:
    """Export the `build()` of a program; the traceback, or nothing when a model came out."""
    import torch

    try:
        model, args, kwargs, shapes, functions = _built(path)
        torch.onnx.export(
            model,
            args,
            kwargs=dict(kwargs),
            dynamic_shapes=shapes,
            custom_translation_table=functions or None,
            opset_version=opset,
            dynamo=True,
        )
    except Exception as error:
        return "".join(traceback.format_exception(error))
    return ""


def read(raised: str, printed: str, file: str) -> Answer:
    """What the peer said: the exception it raised with all of its causes, and what it printed."""
    message = printed + raised
    named = sorted(
        {line for block in _stacks(message) for line in _innermost(block, file)} | set(_caused(message, file))
    )
    mentioned = {int(line) for line in re.findall(rf'{re.escape(file)}(?::|", line )(\d+)', message)}
    return Answer("raises" if raised else "model", named, sorted(mentioned), len(message.splitlines()))


def _built(path: Path) -> tuple[Any, tuple[Any, ...], Mapping[str, Any], Any, dict[Any, Any]]:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    built = module.build()
    if not isinstance(built, tuple):
        return built.model, built.args, built.kwargs, built.dynamic_shapes, _functions(built.registry)
    model, args, kwargs, shapes = (*built, None, None)[:4]
    return model, args if isinstance(args, tuple) else (args,), kwargs or {}, shapes, {}


def _functions(registry: Any) -> dict[Any, Any]:
    """The ONNX functions of the user's own, as the peer wants them."""
    import torch

    table = {}
    for name, entries in (registry.user if registry else {}).items():
        namespace, _, operator = name.partition("::")
        packet, _, overload = operator.partition(".")
        found = getattr(getattr(torch.ops, namespace), packet, None)
        if found is not None:
            table[getattr(found, overload or "default")] = entries[0].function
    return table


def _stacks(message: str) -> Iterator[list[tuple[str, int]]]:
    """The stacks in a text: runs of frames with nothing but indented lines between them."""
    stack: list[tuple[str, int]] = []
    for line in message.splitlines():
        frame = _FRAME.match(line)
        if frame:
            stack.append((frame["path"], int(frame["line"])))
        elif stack and line.strip() and not line.startswith("  "):
            yield stack
            stack = []
    if stack:
        yield stack


def _innermost(stack: list[tuple[str, int]], file: str) -> list[int]:
    return [line for path, line in stack if Path(path).name == file][-1:]


def _caused(message: str, file: str) -> Iterator[int]:
    return (int(found["line"]) for found in _CAUSED.finditer(message) if Path(found["path"]).name == file)
