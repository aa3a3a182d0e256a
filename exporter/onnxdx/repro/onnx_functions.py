"""The user's own ONNX functions in a script: his definitions, registered for the same operators."""

from __future__ import annotations

from collections.abc import Collection

from onnxdx.registry import Entry, OnnxRegistry
from onnxdx.repro.literals import NoSource
from onnxdx.repro.sources import Sources
from onnxdx.request import ExportRequest


def take(request: ExportRequest, sources: Sources, operators: Collection[str] | None = None) -> str:
    """An expression for the registry with the user's functions for `operators` (all by default); empty for none.

    Raises NoSource.
    """
    registry = request.options.onnx_registry or OnnxRegistry()
    wanted = [
        key for key in registry.user if operators is None or key in {o.removesuffix(".default") for o in operators}
    ]
    steps = [f'.without_op("{key}")' for key in sorted(registry.removed)]
    steps += [_step(entry, sources) for key in wanted for entry in reversed(registry.user[key])]
    return f"onnxdx.OnnxRegistry(){''.join(steps)}" if steps else ""


def _step(entry: Entry, sources: Sources) -> str:
    body = getattr(entry.function, "function", None) or getattr(entry.function, "func", None)
    if body is None or not sources.is_users(body):
        raise NoSource(f"the ONNX function `{entry.name}`")
    return f'.with_op("{entry.operator}", {sources.take(body)}{", complex=True" if entry.complex else ""})'
