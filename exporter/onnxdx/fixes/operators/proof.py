"""The proof of a candidate: its text compiled as a registry file, run by ONNX Runtime, and held against eager."""

from __future__ import annotations

import re
import sys
import tempfile
import types
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from onnxdx.compat.pytree import leaves_of
from onnxdx.compat.torch_operators import schema
from onnxdx.errors import first_line
from onnxdx.fixes.operators.draws import Draw, draws
from onnxdx.fixes.operators.function_text import About, Candidate
from onnxdx.fixes.operators.small_program import Missing, SmallProgram, Untraceable, traced, translated
from onnxdx.fixes.operators.uses import Arguments, Operator, Use
from onnxdx.registry import OnnxRegistry
from onnxdx.user_functions.registry_source import FunctionSource, with_function
from onnxdx.values import OnnxDraft
from onnxdx.verification.comparison import compare
from onnxdx.verification.runtime import Session


class Refuted(Exception):
    """A candidate is not what the operator is; the text says where it showed."""


class Declined(Refuted):
    """A candidate says itself that it is not for these arguments."""


@dataclass(frozen=True)
class Proof:
    """What a candidate was tried on: how many draws agreed, the largest difference, and what did not agree though it
    need not (`beside`), and which limits the code needs."""

    tried: tuple[str, ...]
    largest: float
    beside: tuple[str, ...] = ()
    real: bool = True
    needed: frozenset[About] = frozenset()

    @property
    def complete(self) -> bool:
        """Whether it was tried on the model's values and on at least two further draws."""
        return self.real and len(self.tried) > 2

    def sentence(self) -> str:
        """The proof in one or two sentences."""
        further = len(self.tried) - 1
        own = "the values of the model" if self.real else "random values"
        text = f"Agrees with eager on {own} and on {further} further draws ({_listed(self.tried[1:])})"
        text += f"; largest difference {self.largest:.2g} of the largest element." if self.largest else ", exactly."
        if self.beside:
            text += f" Differs from eager for {_listed(self.beside)}."
        return text


def _listed(what: Sequence[str]) -> str:
    short = list(dict.fromkeys("other sizes" if "size" in each else each for each in what))
    return ", ".join(short)


def compiled(source: FunctionSource) -> OnnxRegistry:
    """The registry that a registry file with only this function gives. Raises Refuted."""
    with tempfile.TemporaryDirectory(prefix="onnxdx-fix-") as folder:
        path = Path(folder) / "candidate.py"
        text = with_function(None, source)
        path.write_text(text, encoding="utf-8")  # `@script` reads its function's text from a file
        module = types.ModuleType(f"onnxdx_fix_{path.parent.name.removeprefix('onnxdx-fix-')}")
        module.__file__ = str(path)
        sys.modules[module.__name__] = module
        try:
            exec(compile(text, str(path), "exec"), vars(module))
        except Exception as error:  # whatever a generated file can raise, it is no fix then
            raise Refuted(f"its code does not run: {type(error).__name__}: {first_line(error)}") from error
        finally:
            del sys.modules[module.__name__]
    registry = vars(module)["registry"]
    assert isinstance(registry, OnnxRegistry)
    return registry


def proven(operator: Operator, candidate: Candidate) -> Proof:
    """The proof that a function does what the operator does, for each of its uses. Raises Refuted."""
    source = candidate.source()
    registry = compiled(source)
    orders = candidate.is_eager_code and _ORDERS.search(source.code) is not None
    proofs = [
        _for_use(operator, use, registry, beyond=not index, orders=orders, guessed=candidate.is_guess)
        for index, use in enumerate(_distinct(operator.uses))
    ]
    tried = tuple(dict.fromkeys(what for proof in proofs for what in proof.tried))
    beside = tuple(dict.fromkeys(what for proof in proofs for what in proof.beside))
    needed = frozenset(about for proof in proofs for about in proof.needed)
    return Proof(tried, max(proof.largest for proof in proofs), beside, all(proof.real for proof in proofs), needed)


_ORDERS = re.compile(r"\.(TopK|ArgMax|ArgMin)\(")
"""Operators of ONNX that pick elements by their size."""

_MOST_USES = 6
"""So many uses are tried with all draws; a model of many layers repeats itself."""


def _distinct(uses: Sequence[Use]) -> list[Use]:
    """The uses that differ in more than the values of their tensors."""
    kinds: dict[str, Use] = {}
    for use in uses:
        kinds.setdefault(repr([(name, _kind(leaf)) for name, leaf in use.arguments.leaves()]), use)
    return list(kinds.values())[:_MOST_USES]


def _kind(leaf: Any) -> object:
    return (leaf.dtype, tuple(leaf.shape)) if isinstance(leaf, torch.Tensor) else leaf


def _for_use(operator: Operator, use: Use, registry: OnnxRegistry, beyond: bool, orders: bool, guessed: bool) -> Proof:
    """The proof for one use; with `beyond` also on ranks and dtypes that the use does not have.

    `orders` says that the function picks elements by their size: of equal ones eager may pick others. `guessed` says
    that the function is known by its name alone, so that it has to agree far from the values of the model as well.
    """
    runnables = _Runnables(operator, use, registry)
    tried: list[str] = []
    beside: list[str] = []
    needed: set[About] = set()
    largest = 0.0
    for draw in draws(use):
        if (
            draw.changes in needed
            or runnables.enough(draw)
            or (draw.changes in (About.RANK, About.DTYPE) and not beyond)
        ):
            continue
        wanted = eager(operator, draw.arguments)
        if wanted is None:
            continue
        try:
            difference = _agreed(runnables.of(draw), draw, wanted)
            largest = max(largest, 0.0 if draw.changes is About.DTYPE else difference)
        except Declined:
            if draw.changes is None:
                raise
            continue
        except Refuted as refuted:
            if draw.changes is not None and not _may_be(draw, use):
                needed.add(draw.changes)
            elif draw.strange or (draw.tied and orders) or (draw.far and not guessed):
                beside.append(draw.what)
            else:
                raise Refuted(f"{draw.what}: {refuted}") from refuted
            continue
        tried.append(draw.what)
    if not tried:
        raise Refuted("eager computes nothing on any draw")
    return Proof(tuple(tried), largest, tuple(beside), use.real, frozenset(needed))


def _may_be(draw: Draw, use: Use) -> bool:
    """Whether the model may come with sizes like these: all that differ are open."""
    if draw.changes is not About.SIZE:
        return False
    for (name, now), (_, then) in zip(draw.arguments.leaves(), use.arguments.leaves(), strict=True):
        if not isinstance(now, torch.Tensor):
            continue
        sizes = enumerate(zip(now.shape, then.shape, strict=True))
        if any(one != other and f"{name}.shape[{axis}]" not in use.open_sizes for axis, (one, other) in sizes):
            return False
    return True


def eager(operator: Operator, arguments: Arguments) -> list[torch.Tensor] | None:
    """What torch computes; None when it raises."""
    try:
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result = arguments.copied().call(operator.target)
    except Exception:  # values or sizes that the operator does not take
        return None
    names, leaves = [each.name for each in schema(operator.target).returns], leaves_of(result)
    if names[-1:] == ["info"] and bool(leaves[-1].any()):  # values that LAPACK gives up on
        return None
    return [leaf if isinstance(leaf, torch.Tensor) else torch.tensor(leaf) for leaf in leaves if leaf is not None]


def _agreed(runnable: _Runnable, draw: Draw, wanted: Sequence[torch.Tensor]) -> float:
    got = runnable.run(draw.arguments)
    if len(got) != len(wanted):
        raise Refuted(f"it gives {len(got)} results, not {len(wanted)}")
    largest = 0.0
    for one, other in zip(got, wanted, strict=True):
        comparison = compare(one, other)
        if not comparison.agrees:
            raise Refuted(comparison.contract or comparison.numbers)
        finite = other[other.isfinite()]
        peak = float(finite.abs().max()) if finite.numel() and comparison.max_abs else 1.0
        largest = max(largest, comparison.max_abs / peak)
    return largest


_MOST_MADE = 3
"""So many draws of other sizes, ranks and dtypes are made for functions that must know their sizes."""


class _Runnables:
    """The operator alone as models, each made once: with the sizes of the use, with open sizes, for one draw."""

    def __init__(self, operator: Operator, use: Use, registry: OnnxRegistry) -> None:
        self.operator, self.use, self.registry = operator, use, registry
        self._made: dict[bool, _Runnable] = {}
        self._opens = True
        self._again = 0

    def of(self, draw: Draw) -> _Runnable:
        """A model that can be run on a draw. Raises Refuted."""
        if draw.changes is None:
            return self._with(sizes=False)
        if draw.changes is About.SIZE and self._opens:
            try:
                return self._with(sizes=True)
            except Declined:  # a function that needs to know its sizes is made for each anew
                self._opens = False
        return _Runnable(self.operator, draw.arguments, self.registry, sizes=False)

    def enough(self, draw: Draw) -> bool:
        """Whether functions that are made for each size anew, which takes its time, have been tried enough."""
        if self._opens or draw.changes is None:
            return False
        self._again += 1
        return self._again > _MOST_MADE

    def _with(self, *, sizes: bool) -> _Runnable:
        if sizes not in self._made:
            self._made[sizes] = _Runnable(self.operator, self.use.arguments, self.registry, sizes=sizes)
        return self._made[sizes]


class _Runnable:
    """The operator alone as a model, by way of the candidate; sizes as they are, or open. Raises Refuted."""

    def __init__(self, operator: Operator, arguments: Arguments, registry: OnnxRegistry, *, sizes: bool) -> None:
        def call(leaves: Sequence[Any]) -> Any:
            return arguments.with_leaves(leaves).call(operator.target)

        try:
            self.program: SmallProgram = traced(call, arguments.leaves(), sizes=sizes, numbers=False)
            self.draft: OnnxDraft = translated(self.program, registry, operator.options.opset_version)
            self.session = Session(self.draft.model, options=operator.options.session_options)
        except Missing as error:
            declines = "NotImplementedError" in str(error)
            raise (Declined if declines else Refuted)(str(error)) from error
        except Untraceable as error:
            raise Refuted(str(error)) from error
        except Exception as error:  # ONNX Runtime has a dozen exception types for a model it refuses
            raise Refuted(f"ONNX Runtime refuses it: {first_line(error)}") from error

    def run(self, arguments: Arguments) -> list[torch.Tensor]:
        """What ONNX Runtime computes. Raises Refuted."""
        values = dict(arguments.leaves())
        flat = [values[name] for name in self.program.inputs]
        try:
            return self.session.run(self.draft.feeds(flat))
        except Exception as error:  # ONNX Runtime
            raise Refuted(f"ONNX Runtime fails: {first_line(error)}") from error
