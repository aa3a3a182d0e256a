"""Inputs from the command line: "float32[2,3,224,224]", "ids=int64[2,8]{0..100}", "0.5"."""

from __future__ import annotations

import difflib
import inspect
import math
import os
import re
from collections.abc import Mapping, Sequence
from typing import Any

import torch

from onnxdx.targets.target_error import TargetMisnamed
from onnxdx_diagnostics.finding import Site
from onnxdx_diagnostics.rules.dx705_bad_input_spec import BadInputSpec, Problem

_NUMBER = r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?"
_NAME = re.compile(r"\s*(?P<name>[A-Za-z_]\w*)\s*=(?P<rest>.*)", re.DOTALL)
_TENSOR = re.compile(
    rf"\s*(?P<dtype>\w+)\s*\[(?P<shape>[\d\s,]*)\]\s*(?:\{{\s*(?P<low>{_NUMBER})\s*\.\.\s*(?P<high>{_NUMBER})\s*\}})?\s*"
)
_DTYPE = re.compile(
    r"bool|u?int(8|16|32|64)|int|long|short|b?float(16|32|64|8_\w+)|float|double|half|complex(32|64|128)"
)
_DTYPES = {name: value for name, value in vars(torch).items() if _DTYPE.fullmatch(name)}
_SEED = 0
_DEFAULT_HIGH = 9.0

Inputs = tuple[tuple[Any, ...], dict[str, Any]]


def parse(specs: Sequence[str], model: torch.nn.Module, site: Site) -> Inputs:
    """The inputs that `specs` describe, positional and by keyword, random but the same in every run.

    Raises TargetMisnamed when a spec does not parse or `model.forward` does not take such inputs.
    """
    random = torch.Generator().manual_seed(_SEED)
    args: list[Any] = []
    kwargs: dict[str, Any] = {}
    for spec in specs:
        named = _NAME.fullmatch(spec)
        value = _value(named["rest"] if named else spec, spec, random, site)
        if named is None:
            args.append(value)
        elif named["name"] in kwargs:
            raise _wrong(spec, "repeated", site, named["name"])
        else:
            kwargs[named["name"]] = value
    by_parameter(model, tuple(args), kwargs, site)
    return tuple(args), kwargs


def by_parameter(
    model: torch.nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any], site: Site
) -> inspect.BoundArguments:
    """The inputs by parameter of `model.forward`. Raises TargetMisnamed when it does not take them."""
    signature = inspect.signature(model.forward)
    try:
        return signature.bind(*args, **kwargs)
    except TypeError as error:
        shown = f"{type(model).__name__}.forward{short(signature)}"
        raise _wrong(shown, "signature", site, str(error)) from None


def _value(text: str, spec: str, random: torch.Generator, site: Site) -> Any:
    match text.strip().lower():
        case "true":
            return True
        case "false":
            return False
        case "none":
            return None
    if re.fullmatch(_NUMBER, text.strip()):
        return int(text) if re.fullmatch(r"\s*[-+]?\d+\s*", text) else float(text)
    tensor = _TENSOR.fullmatch(text)
    if tensor is None:
        raise _wrong(spec, "syntax", site)
    dtype = _DTYPES.get(tensor["dtype"].lower())
    if dtype is None:
        near = difflib.get_close_matches(tensor["dtype"].lower(), _DTYPES, 3)
        raise _wrong(spec, "dtype", site, tensor["dtype"], tuple(near))
    sizes = [size.strip() for size in tensor["shape"].split(",")] if tensor["shape"].strip() else []
    if not all(size.isdigit() for size in sizes):
        raise _wrong(spec, "syntax", site)
    shape = tuple(map(int, sizes))
    needed = math.prod(shape) * dtype.itemsize
    if needed > _memory():
        raise _wrong(spec, "memory", site, f"{needed / 2**30:,.0f} GiB")
    bounds = (float(tensor["low"]), float(tensor["high"])) if tensor["low"] else None
    try:
        return _random(shape, dtype, bounds, random)
    except (ValueError, OverflowError, RuntimeError):
        raise _wrong(spec, "range", site) from None


def _random(
    shape: tuple[int, ...], dtype: torch.dtype, bounds: tuple[float, float] | None, random: torch.Generator
) -> torch.Tensor:
    """Floats are normal, or uniform in `bounds`; integers lie in `bounds` or in 0..9. Raises ValueError."""
    if dtype.is_complex:
        if bounds:
            raise ValueError("complex numbers have no order")
        return torch.randn(shape, generator=random, dtype=torch.complex64).to(dtype)
    if dtype.is_floating_point:
        if bounds is None:
            return torch.randn(shape, generator=random).to(dtype)
        low, high = bounds
        if low > high:
            raise ValueError("empty range")
        return (torch.rand(shape, generator=random) * (high - low) + low).to(dtype)
    if dtype is torch.bool:
        bounds = bounds or (0.0, 1.0)
    low, high = bounds or (0.0, _DEFAULT_HIGH)
    limits = (0, 1) if dtype is torch.bool else (torch.iinfo(dtype).min, torch.iinfo(dtype).max)
    if not (low.is_integer() and high.is_integer() and limits[0] <= low <= high <= limits[1]):
        raise ValueError("no such integers")
    return torch.randint(int(low), int(high) + 1, shape, generator=random).to(dtype)


def _memory() -> float:
    """Half of the machine's memory in bytes, where the system tells."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2
    except (AttributeError, ValueError, OSError):
        return math.inf


def short(signature: inspect.Signature) -> str:
    """The parameters without annotations, which can fill a screen."""
    plain = [parameter.replace(annotation=inspect.Parameter.empty) for parameter in signature.parameters.values()]
    return str(inspect.Signature(plain))


def _wrong(
    spec: str, problem: Problem, site: Site, detail: str = "", candidates: tuple[str, ...] = ()
) -> TargetMisnamed:
    return TargetMisnamed(BadInputSpec(site, spec, problem, detail, candidates))
