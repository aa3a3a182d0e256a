"""Fake mode: models and inputs that are built without memory, and what is known of their values all the same.

Weights come from a checkpoint later. What a model computes while it is built comes from nowhere else: tables of
positions, masks, frequencies. So every operator whose inputs are known is computed beside its fake result, as long as
that stays small; random numbers, and what was written over with them, are not known.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from onnxdx.compat.capturing import outside_of_modes
from onnxdx.compat.fake_tensors import (
    FakeTensor,
    FakeTensorMode,
    drawing_without_values,
    fake_mode_of,
    forget_conversions,
)
from onnxdx.compat.pytree import leaves_of, map_leaves
from onnxdx.compat.storages import storage_key
from onnxdx.compat.torch_errors import DataDependentOutputException, DynamicOutputShapeException
from onnxdx.compat.torch_operators import OpOverload, written_arguments

_KNOWN_BYTES = 1 << 26
"""The largest result that is computed."""

_EMPTY_BYTES = 1 << 20
"""The largest tensor without content that is kept for what will be written into it: larger ones are weights."""


_KNOWN = "onnxdx_known"
"""The attribute that holds the value of a fake tensor. It goes where torch moves what a parameter is (`Module.to`)."""


class FakeContext:
    """What `enable_fake_mode()` gives, to be handed to the export as `ExportOptions(fake_context=...)`."""

    def __init__(self) -> None:
        self._mode = _KeepingMode()

    @contextlib.contextmanager
    def active(self) -> Iterator[FakeContext]:
        """While open, every tensor that is made is fake."""
        with contextlib.ExitStack() as stack:
            stack.enter_context(warnings.catch_warnings())
            stack.enter_context(drawing_without_values())
            stack.enter_context(self._mode)
            # torch looks for the memory of each tensor that it copies, and warns itself of that
            warnings.filterwarnings("ignore", message="Accessing the data pointer of FakeTensor")
            yield self

    def fake_like(self, tensor: torch.Tensor) -> torch.Tensor:
        """A tensor of the same dtype, shape and strides without values; on the CPU when `tensor` is on `meta`."""
        device = torch.device("cpu") if tensor.is_meta else tensor.device
        with self._mode:
            fake = torch.empty_strided(tuple(tensor.shape), tensor.stride(), dtype=tensor.dtype, device=device)
        if isinstance(tensor, torch.nn.Parameter):
            return torch.nn.Parameter(fake, requires_grad=tensor.requires_grad)
        return fake


@contextlib.contextmanager
def enable_fake_mode() -> Iterator[FakeContext]:
    """While open, tensors have dtypes and shapes but no memory: `with enable_fake_mode() as fake: model = Net()`."""
    with FakeContext().active() as context:
        yield context


def known_value(tensor: torch.Tensor) -> torch.Tensor | None:
    """The value of a fake tensor as far as it is known: it depends on nothing that was drawn, loaded or too large."""
    mode = fake_mode_of(tensor)
    return mode.known(tensor) if isinstance(mode, _KeepingMode) and isinstance(tensor, FakeTensor) else None


class ValueNeeded(RuntimeError):
    """A model that is built in fake mode decides on values that are not known there."""


class _Memory:
    """What the views of one fake storage share; `known` until something unknown is written. Keeps the storage's id."""

    def __init__(self, storage: torch.UntypedStorage) -> None:
        self.storage = storage
        self.known = True


@dataclass
class _Known:
    """The value of a fake tensor, which holds as long as the tensor has the memory that it had.

    Without one it is a copy, for a copy of the tensor whose memory nobody has seen yet.
    """

    value: torch.Tensor
    memory: _Memory | None

    def __deepcopy__(self, copied: dict[int, Any]) -> _Known:
        if self.memory is not None and not self.memory.known:
            return self
        with outside_of_modes():
            return _Known(self.value.clone(), None)


class _KeepingMode(FakeTensorMode):
    """A fake mode that knows the values of what was computed from known values."""

    def __init__(self) -> None:
        super().__init__(allow_non_fake_inputs=True)
        self._memories: dict[int, _Memory] = {}

    def known(self, fake: FakeTensor) -> torch.Tensor | None:
        """The value of one of this mode's tensors, if it is known."""
        found: _Known | None = vars(fake).get(_KNOWN)
        if found is None:
            return None
        current = self._memory(fake)
        found.memory = found.memory or current
        holds = current is found.memory and current.known and found.value.shape == fake.shape
        return found.value if holds else None

    def __deepcopy__(self, copied: dict[int, Any]) -> _KeepingMode:
        """The mode itself: a copy of a model is as fake as the model."""
        return self

    def _know(self, fake: FakeTensor, value: torch.Tensor) -> None:
        vars(fake)[_KNOWN] = _Known(value, self._memory(fake))
        fake.constant = None  # torch's own knowledge of literals, which cannot be copied in fake mode

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        named = dict(kwargs or {})
        try:
            return self._called(func, types, tuple(args), named)
        except (DataDependentOutputException, DynamicOutputShapeException) as error:
            raise ValueNeeded(
                f"`{func}` asks for values, and in fake mode those are not known that are drawn, loaded or large: "
                f"build what needs them outside of it"
            ) from error
        finally:
            forget_conversions(self)

    def _called(self, func: Any, types: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        computable = isinstance(func, OpOverload) and torch.Tag.nondeterministic_seeded not in func.tags
        if computable and func.name() in _OVERWRITING:
            self._renew(args[0])
        real = self._real((args, named)) if computable else None
        if real is not None and (_DEPENDENT & set(func.tags)):
            with outside_of_modes():
                return map_leaves(self._faked, func(*real[0], **real[1]))
        result = super().__torch_dispatch__(func, types, args, named)
        if real is None or not _fits(result, is_empty=func.name().startswith("aten::empty")):
            if isinstance(func, OpOverload):
                self._forget(func, args, named)
            # torch may have made the result by operators that came by here, as one without content
            for fake in leaves_of(result):
                if isinstance(fake, FakeTensor):
                    vars(fake).pop(_KNOWN, None)
            return result
        with outside_of_modes():
            value = func(*real[0], **real[1])
        for fake, known in zip(leaves_of(result), leaves_of(value), strict=True):
            if isinstance(fake, FakeTensor):
                self._know(fake, known)
        return result

    def _renew(self, fake: Any) -> None:
        """Before all of a small tensor is written: what it held does not matter, and may become known again."""
        if not isinstance(fake, FakeTensor) or self.known(fake) is not None or fake.nbytes > _EMPTY_BYTES:
            return
        storage = fake.untyped_storage()
        if fake.device.type != "cpu" or storage.nbytes() != fake.nbytes or not fake.is_contiguous():
            return
        self._memories[storage_key(storage)] = _Memory(storage)
        with outside_of_modes():
            self._know(fake, torch.empty(tuple(fake.shape), dtype=fake.dtype))

    def _real(self, given: Any) -> Any:
        """The arguments of an operator as real tensors; None when one of them is not known."""
        tensors = [leaf for leaf in leaves_of(given) if isinstance(leaf, torch.Tensor)]
        if any(tensor.is_meta and not isinstance(tensor, FakeTensor) for tensor in tensors):
            return None
        if any(isinstance(tensor, FakeTensor) and self.known(tensor) is None for tensor in tensors):
            return None
        return map_leaves(lambda leaf: self.known(leaf) if isinstance(leaf, FakeTensor) else leaf, given)

    def _faked(self, value: Any) -> Any:
        """The fake tensor of a result whose shape only its values tell."""
        if not isinstance(value, torch.Tensor):
            return value
        fake = self.from_tensor(value.detach().clone())
        self._know(fake, value)
        return fake

    def _forget(self, func: OpOverload, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
        """What an operator writes without its values being known is not known any more, nor are its views."""
        for written in written_arguments(func, args, kwargs):
            for tensor in leaves_of(written):
                if isinstance(tensor, FakeTensor):
                    self._memory(tensor).known = False

    def _memory(self, fake: FakeTensor) -> _Memory:
        storage = fake.untyped_storage()
        return self._memories.setdefault(storage_key(storage), _Memory(storage))


_OVERWRITING = {"aten::copy_", "aten::zero_", "aten::fill_.Scalar", "aten::fill_.Tensor"}
"""Operators whose result does not depend on what their first argument held."""

_DEPENDENT = {torch.Tag.data_dependent_output, torch.Tag.dynamic_output_shape}


def _fits(result: Any, is_empty: bool) -> bool:
    """Whether all tensors of a result are on the CPU, strided and small enough to be computed."""
    tensors = [leaf for leaf in leaves_of(result) if isinstance(leaf, torch.Tensor)]
    if any(tensor.device.type != "cpu" or tensor.layout is not torch.strided for tensor in tensors):
        return False
    return sum(tensor.nbytes for tensor in tensors) <= (_EMPTY_BYTES if is_empty else _KNOWN_BYTES)
