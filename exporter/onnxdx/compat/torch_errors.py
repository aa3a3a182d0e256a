"""What torch raises, by class and by text, and what kind of fault it tells of."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from typing import Any

import torch

# What torch.export raises, by class and not by text: dynamo's graph breaks and user errors (2.9 - 2.14).
from torch._dynamo.exc import Unsupported, UserError, UserErrorType

# What operators raise under fake tensors: value or shape depends on data, or no fake kernel (2.9 - 2.14).
from torch._subclasses.fake_tensor import (
    DataDependentOutputException,
    DynamicOutputShapeException,
    UnsupportedOperatorException,
)

# A Python decision on a number that depends on tensor data, and a dim that cannot be what was asked (2.9 - 2.14).
from torch.fx.experimental.symbolic_shapes import (
    ConstraintViolationError,
    GuardOnDataDependentSymNode,
    PendingUnbackedSymbolNotFound,
)

from onnxdx.compat.patching import replaced

__all__ = [
    "EXPLANATION",
    "ConstraintViolationError",
    "DataDependentOutputException",
    "DynamicOutputShapeException",
    "GuardOnDataDependentSymNode",
    "PendingUnbackedSymbolNotFound",
    "Unsupported",
    "UnsupportedOperatorException",
    "UserError",
    "UserErrorType",
    "breaks_schema",
    "graph_break",
    "is_about_data",
    "is_derivative",
    "is_opaque",
    "is_out_of_memory",
    "is_size_as_key",
    "is_violation",
    "names_a_number",
    "needs_memory",
    "noted_errors",
]


@contextlib.contextmanager
def noted_errors(note: Callable[[BaseException], None]) -> Iterator[None]:
    """While open, every exception that says that something depends on data is noted as it is made.

    Whether it gets to `torch.export.export` is for the user's code to decide, which may catch it.
    """
    with contextlib.ExitStack() as stack:
        for kind in (GuardOnDataDependentSymNode, DataDependentOutputException):
            stack.enter_context(replaced(kind, "__init__", _noting(kind.__init__, note)))
        yield


def _noting(begin: Callable[..., None], note: Callable[[BaseException], None]) -> Callable[..., None]:
    def begun(error: BaseException, *args: Any, **kwargs: Any) -> None:
        begin(error, *args, **kwargs)
        note(error)

    return begun


def breaks_schema(error: BaseException) -> bool:
    """Whether torch found out, while it ran an operator, that it writes or aliases what its schema says it does not.

    Bare RuntimeErrors of `torch._library.utils`, whose text is all that tells (2.9 - 2.14).
    """
    texts = ("this seems to be empirically wrong", "may not alias any inputs to this custom operator")
    return isinstance(error, RuntimeError) and any(text in str(error) for text in texts)


def is_size_as_key(error: BaseException) -> bool:
    """Whether a symbolic size was to be the key of a table or of a cache (`SymInt.__hash__`, 2.9 - 2.14)."""
    return isinstance(error, TypeError) and "unhashable type: non-nested SymInt" in str(error)


def is_opaque(error: BaseException) -> bool:
    """Whether a tensor has the memory of a backend, such as oneDNN; the text is all that tells (2.9 - 2.14)."""
    return isinstance(error, NotImplementedError) and "OpaqueTensorImpl" in str(error)


def names_a_number(error: BaseException) -> bool:
    """Whether something is missing under the text of a number from a tensor, `str(n)` of an unbacked symbol: "u0"."""
    if not isinstance(error, (KeyError, AttributeError)):
        return False
    return any(re.search(r"(?<![a-zA-Z])u\d+'?$", str(key)) for key in error.args)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether memory was refused. torch says so on the CPU by a bare RuntimeError of C++ only (2.9 - 2.14)."""
    if isinstance(error, (MemoryError, torch.OutOfMemoryError)):
        return True
    return isinstance(error, RuntimeError) and "DefaultCPUAllocator: can't allocate memory" in str(error)


def needs_memory(error: BaseException) -> bool:
    """Whether an error says that somebody wanted to read the memory of a tensor, which a fake one does not have.

    All are bare RuntimeErrors of C++, or come from the storage of the meta device (2.9 - 2.14).
    """
    return isinstance(error, (RuntimeError, NotImplementedError, ValueError)) and any(
        text in str(error)
        for text in (
            "Cannot access data pointer of Tensor",
            ".numpy() is not supported for tensor subclasses",
            "Not available for 'meta' device type",
            "Cannot get data pointer",
            "doesn't have storage",
            "invalid python storage",
            "no storage",
        )
    )


def is_derivative(path: str) -> bool:
    """Whether a frame is in the file of `torch.func.grad` and the like (2.9 - 2.14)."""
    return path.replace("\\", "/").endswith("torch/_functorch/eager_transforms.py")


def is_about_data(error: BaseException) -> bool:
    """Whether a trace fails because a size or a number that it needs depends on the values of tensors.

    Kernels in C++ that read a number of a fake tensor say so in words only (2.9 - 2.14).
    """
    kinds = (GuardOnDataDependentSymNode, DataDependentOutputException, DynamicOutputShapeException)
    return isinstance(error, (*kinds, PendingUnbackedSymbolNotFound)) or "Cannot cast FakeTensor" in str(error)


def is_violation(error: BaseException) -> bool:
    """Whether a dim cannot be as dynamic as it was asked to be.

    Dims by hint (`Dim.DYNAMIC`) that come out constant raise a bare ValueError, known by its text only (2.9 - 2.14).
    """
    if isinstance(error, ConstraintViolationError):
        return True
    if isinstance(error, UserError):
        return error.error_type is UserErrorType.CONSTRAINT_VIOLATION
    return isinstance(error, ValueError) and "conflicts between user-specified ranges and inferred ranges" in str(error)


EXPLANATION = re.compile(r"^\s*Explanation: (.+?)(?=^\s*(?:Hint|Developer debug context):|\Z)", re.S | re.M)


def graph_break(error: Unsupported) -> tuple[str, str, str]:
    """Of a graph break of dynamo: its kind, its explanation, and its number ("GB0147").

    `Unsupported.gb_type` holds the kind; explanation and number stand in the text only (2.9 - 2.14).
    """
    text = str(error)
    explanation = EXPLANATION.search(text)
    number = re.search(r"/gb/gb(\d+)\.html", text)
    kind = getattr(error, "gb_type", None) or text.partition("\n")[0]
    said = re.sub(r" in file `[^`]+`", "", " ".join(explanation[1].split())) if explanation else ""
    return str(kind), said, f"GB{number[1]}" if number else ""
