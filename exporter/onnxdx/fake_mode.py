"""Fake mode: models and inputs that are built without memory, and what is known of their values all the same.

Weights come from a checkpoint later. What a model computes while it is built comes from nowhere else: tables of
positions, masks, frequencies. So every operator whose inputs are known is computed beside its fake result, as long as
that stays small; random numbers, and what was written over with them, are not known.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from torch.utils.weak import WeakTensorKeyDictionary

from onnxdx import compat
from onnxdx.compat import FakeTensor, FakeTensorMode, OpOverload

_KNOWN_BYTES = 1 << 26
"""The largest result that is computed."""

_EMPTY_BYTES = 1 << 20
"""The largest tensor without content that is kept for what will be written into it: larger ones are weights."""


class FakeContext:
    """What `enable_fake_mode()` gives, to be handed to the export as `ExportOptions(fake_context=...)`."""

    def __init__(self) -> None:
        self._mode = _KeepingMode()

    @contextlib.contextmanager
    def active(self) -> Iterator[FakeContext]:
        """While open, every tensor that is made is fake."""
        with compat.drawing_without_values(), self._mode:
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
    mode = compat.fake_mode_of(tensor)
    return mode.known(tensor) if isinstance(mode, _KeepingMode) and isinstance(tensor, FakeTensor) else None


class _Memory:
    """What the views of one fake storage share; `known` until something unknown is written. Keeps the storage's id."""

    def __init__(self, storage: torch.UntypedStorage) -> None:
        self.storage = storage
        self.known = True


class _KeepingMode(FakeTensorMode):
    """A fake mode that knows the values of what was computed from known values."""

    def __init__(self) -> None:
        super().__init__(allow_non_fake_inputs=True)
        self._values = WeakTensorKeyDictionary()
        self._memories: dict[int, _Memory] = {}

    def known(self, fake: FakeTensor) -> torch.Tensor | None:
        """The value of one of this mode's tensors, if it is known."""
        found = self._values.get(fake)
        if found is None:
            return None
        value, memory = found
        current = self._memory(fake)
        return value if current is memory and memory.known and value.shape == fake.shape else None

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        named = dict(kwargs or {})
        computable = isinstance(func, OpOverload) and torch.Tag.nondeterministic_seeded not in func.tags
        real = self._real((tuple(args), named)) if computable else None
        if real is not None and (_DEPENDENT & set(func.tags)):
            with compat.outside_of_modes():
                return compat.map_leaves(self._faked, func(*real[0], **real[1]))
        result = super().__torch_dispatch__(func, types, tuple(args), named)
        if real is None or not _fits(result, is_empty=func.name().startswith("aten::empty")):
            if isinstance(func, OpOverload):
                self._forget(func, args, named)
            return result
        with compat.outside_of_modes():
            value = func(*real[0], **real[1])
        for fake, known in zip(compat.leaves_of(result), compat.leaves_of(value), strict=True):
            if isinstance(fake, FakeTensor):
                self._values[fake] = (known, self._memory(fake))
        return result

    def _real(self, given: Any) -> Any:
        """The arguments of an operator as real tensors; None when one of them is not known."""
        tensors = [leaf for leaf in compat.leaves_of(given) if isinstance(leaf, torch.Tensor)]
        if any(tensor.is_meta and not isinstance(tensor, FakeTensor) for tensor in tensors):
            return None
        if any(isinstance(tensor, FakeTensor) and self.known(tensor) is None for tensor in tensors):
            return None
        return compat.map_leaves(lambda leaf: self.known(leaf) if isinstance(leaf, FakeTensor) else leaf, given)

    def _faked(self, value: Any) -> Any:
        """The fake tensor of a result whose shape only its values tell."""
        if not isinstance(value, torch.Tensor):
            return value
        fake = self.from_tensor(value.detach().clone())
        self._values[fake] = (value, self._memory(fake))
        return fake

    def _forget(self, func: OpOverload, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
        """What an operator writes without its values being known is not known any more, nor are its views."""
        for written in compat.written_arguments(func, args, kwargs):
            for tensor in compat.leaves_of(written):
                if isinstance(tensor, FakeTensor):
                    self._memory(tensor).known = False

    def _memory(self, fake: FakeTensor) -> _Memory:
        storage = fake.untyped_storage()
        return self._memories.setdefault(compat.storage_key(storage), _Memory(storage))


_DEPENDENT = {torch.Tag.data_dependent_output, torch.Tag.dynamic_output_shape}


def _fits(result: Any, is_empty: bool) -> bool:
    """Whether all tensors of a result are on the CPU, strided and small enough to be computed."""
    tensors = [leaf for leaf in compat.leaves_of(result) if isinstance(leaf, torch.Tensor)]
    if any(tensor.device.type != "cpu" or tensor.layout is not torch.strided for tensor in tensors):
        return False
    return sum(tensor.nbytes for tensor in tensors) <= (_EMPTY_BYTES if is_empty else _KNOWN_BYTES)
