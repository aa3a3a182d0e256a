"""Dynamic dimensions from the command line: "x[batch,seq]", "image[batch,_,_,_]", "ids[batch,seq{1..512}]"."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch.export import Dim

from onnxdx.targets.input_spec import by_parameter
from onnxdx.targets.target_error import TargetMisnamed
from onnxdx_diagnostics.finding import Site
from onnxdx_diagnostics.rules.dx707_bad_dynamic_spec import BadDynamicSpec, Problem

_SPEC = re.compile(r"\s*(?P<input>[A-Za-z_]\w*)\s*\[(?P<dims>[^\[\]]*)\]\s*")
_DIM = re.compile(r"\s*(?P<name>[A-Za-z_]\w*)\s*(?:\{\s*(?P<low>\d+)\s*\.\.\s*(?P<high>\d+)\s*\})?\s*")


def parse(
    specs: Sequence[str], model: torch.nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any], site: Site
) -> dict[str, Any]:
    """`dynamic_shapes` for torch.export: for every input by name, its dynamic axes.

    Raises TargetMisnamed when a spec does not parse or does not fit the inputs.
    """
    bound = by_parameter(model, args, kwargs, site)
    extra = next((name for name, each in bound.signature.parameters.items() if each.kind is each.VAR_KEYWORD), None)
    inputs = {**bound.arguments, **bound.arguments.get(extra or "", {})}
    axes: dict[str, dict[int, Any]] = {}
    dims = _Dims(site)
    for spec in specs:
        match = _SPEC.fullmatch(spec)
        if match is None:
            raise _wrong(spec, "syntax", site)
        name = match["input"]
        if name not in inputs:
            near = difflib.get_close_matches(name, inputs, len(inputs), cutoff=0)
            raise _wrong(spec, "input", site, name, tuple(near or inputs))
        if name in axes:
            raise _wrong(spec, "repeated", site, name)
        value = inputs[name]
        if not isinstance(value, torch.Tensor):
            raise _wrong(spec, "not a tensor", site, type(value).__name__)
        axes[name] = _axes(spec, match["dims"], tuple(value.shape), dims, site)
    return {name: axes.get(name) or _static(value) for name, value in inputs.items() if name != extra}


class _Dims:
    """The dims named so far: one name is one size everywhere."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._known: dict[str, tuple[Any, tuple[int, int] | None, int]] = {}

    def dim(self, spec: str, name: str, bounds: tuple[int, int] | None, size: int) -> Any:
        """The Dim of this name; bounds may be given at one place or equally at several."""
        known = self._known.get(name)
        if known is None:
            if bounds and not bounds[0] <= size <= bounds[1]:
                raise _wrong(spec, "range", self._site, name)
            made = Dim(name, min=bounds[0], max=bounds[1]) if bounds else Dim(name)
            self._known[name] = made, bounds, size
            return made
        made, first, first_size = known
        if size != first_size:
            raise _wrong(spec, "size", self._site, f"{size}, and `{name}` is {first_size} elsewhere")
        if bounds and bounds != first:
            raise _wrong(spec, "range", self._site, name)
        return made


def _axes(spec: str, text: str, shape: tuple[int, ...], dims: _Dims, site: Site) -> dict[int, Any]:
    parts = [part.strip() for part in text.split(",")] if text.strip() else []
    if len(parts) != len(shape):
        raise _wrong(spec, "rank", site, f"[{', '.join(map(str, shape))}]")
    axes: dict[int, Any] = {}
    for axis, (part, size) in enumerate(zip(parts, shape, strict=True)):
        if part == "_":
            continue
        if part.isdigit():
            if int(part) != size:
                raise _wrong(spec, "size", site, str(size))
            continue
        match = _DIM.fullmatch(part)
        if match is None:
            raise _wrong(spec, "syntax", site)
        bounds = (int(match["low"]), int(match["high"])) if match["low"] else None
        axes[axis] = dims.dim(spec, match["name"], bounds, size)
    return axes


def _static(value: Any) -> Any:
    """A spec that keeps `value` as it is, in the value's own structure."""
    if isinstance(value, Mapping):
        return {key: _static(inner) for key, inner in value.items()}
    if isinstance(value, (tuple, list)):
        return type(value)(_static(inner) for inner in value) if not hasattr(value, "_fields") else None
    return None


def _wrong(
    spec: str, problem: Problem, site: Site, detail: str = "", candidates: tuple[str, ...] = ()
) -> TargetMisnamed:
    return TargetMisnamed(BadDynamicSpec(site, spec, problem, detail, candidates))
