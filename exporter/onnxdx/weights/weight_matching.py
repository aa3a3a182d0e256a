"""Which stored tensor becomes which weight of the model: by the exact name, or what stands in the way."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

import onnx_ir as ir
import torch

from onnxdx.dtypes import to_torch_dtype
from onnxdx.weights.absent_weights import AbsentWeight, storage_identity
from onnxdx.weights.checkpoint import Checkpoint
from onnxdx.weights.stored_tensors import FileRange, InMemory, Stored
from onnxdx_diagnostics.finding import Finding, Site
from onnxdx_diagnostics.rules.dx731_weights_missing import WeightsMissing
from onnxdx_diagnostics.rules.dx732_weights_unexpected import WeightsUnexpected
from onnxdx_diagnostics.rules.dx733_weights_misshapen import WeightsMisshapen
from onnxdx_diagnostics.rules.dx734_weights_of_other_dtype import WeightsOfOtherDtype
from onnxdx_diagnostics.rules.dx735_tied_weights_differ import TiedWeightsDiffer

_FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
_WIDER = {
    torch.int8: (torch.int16, torch.int32, torch.int64),
    torch.uint8: (torch.int16, torch.int32, torch.int64, torch.uint16, torch.uint32, torch.uint64),
    torch.int16: (torch.int32, torch.int64),
    torch.uint16: (torch.int32, torch.int64, torch.uint32, torch.uint64),
    torch.int32: (torch.int64,),
    torch.uint32: (torch.int64, torch.uint64),
}
"""Integer types that hold every value of another."""


@dataclass(frozen=True)
class Match:
    """The stored tensors by the value of the graph that they are for, and the findings on those that fit nothing."""

    found: Mapping[ir.Value, Stored]
    findings: tuple[Finding, ...]


def matched(
    checkpoint: Checkpoint,
    wanted: Mapping[ir.Value, AbsentWeight],
    known: Collection[str],
    site: Site,
    site_of: Callable[[ir.Value], Site],
) -> Match:
    """What of a checkpoint stands for the weights `wanted`; `known` are all names that the model has in its state.

    `site` is where the checkpoint was asked for, `site_of` where the model uses a weight.
    """
    found: dict[ir.Value, Stored] = {}
    missing: list[ir.Value] = []
    findings: list[Finding] = []
    for value, weight in wanted.items():
        first, *more = [name for name in weight.sources if name in checkpoint.tensors] or [""]
        if not first:
            missing.append(value)
            continue
        found[value] = checkpoint.tensors[first]
        others = [name for name in more if not _equal(checkpoint.tensors[name], found[value])]
        if others:
            findings.append(TiedWeightsDiffer(site_of(value), checkpoint.label, (first, *others)))
    misshapen = [value for value, stored in found.items() if stored.shape != _shape(wanted[value])]
    other = [value for value, stored in found.items() if not _becomes(stored, to_torch_dtype(wanted[value].dtype))]
    unexpected = tuple(name for name in checkpoint.tensors if name not in known)
    if missing:
        names = tuple(wanted[value].sources[0] for value in missing)
        findings.append(WeightsMissing(site_of(missing[0]), checkpoint.label, names, _prefix(names, unexpected)))
    if unexpected:
        findings.append(WeightsUnexpected(site, checkpoint.label, unexpected))
    if misshapen:
        rows = tuple(
            f"{wanted[value].sources[0]}: {list(found[value].shape)}, not {list(_shape(wanted[value]))}"
            for value in misshapen
        )
        findings.append(WeightsMisshapen(site_of(misshapen[0]), checkpoint.label, rows))
    if other:
        rows = tuple(
            f"{wanted[value].sources[0]}: {_kind(found[value])}, not {_name(to_torch_dtype(wanted[value].dtype))}"
            for value in other
        )
        findings.append(WeightsOfOtherDtype(site_of(other[0]), checkpoint.label, rows))
    return Match(found, tuple(findings))


def _shape(weight: AbsentWeight) -> tuple[int, ...]:
    return tuple(int(size) for size in weight.shape.numpy())


def _becomes(stored: Stored, wanted: torch.dtype) -> bool:
    """Whether a stored tensor can be converted without another meaning: scaled and packed types stay what they are."""
    if stored.other:
        return False
    both_floats = stored.dtype in _FLOATS and wanted in _FLOATS
    return stored.dtype is wanted or both_floats or wanted in _WIDER.get(stored.dtype, ())


def _kind(stored: Stored) -> str:
    return " ".join(filter(None, (stored.other, _name(stored.dtype))))


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def _equal(one: Stored, other: Stored) -> bool:
    """Whether two stored tensors hold the same bytes."""
    if one.dtype is not other.dtype or one.shape != other.shape:
        return False
    if _stands_where(one, other):
        return True
    return all(
        bytes(first) == bytes(second)
        for first, second in zip(one.content.pieces(), other.content.pieces(), strict=True)
    )


def _stands_where(one: Stored, other: Stored) -> bool:
    """Whether two stored tensors are the same memory or the same part of a file."""
    if isinstance(one.content, InMemory) and isinstance(other.content, InMemory):
        return storage_identity(one.content.tensor) == storage_identity(other.content.tensor)
    return isinstance(one.content, FileRange) and one.content == other.content


def _prefix(missing: Iterable[str], unexpected: Collection[str]) -> str:
    """What the names of the checkpoint begin with and the model's do not, or the other way round ("-model.")."""
    names = list(missing)
    first, given = names[0], set(unexpected)
    for name in unexpected:
        if name.endswith(f".{first}"):
            prefix = name[: -len(first)]
            if all(prefix + each in given for each in names):
                return prefix
        if first.endswith(f".{name}"):
            prefix = first[: -len(name)]
            if all(each.startswith(prefix) and each[len(prefix) :] in given for each in names):
                return f"-{prefix}"
    return ""
