"""What the user asks for: a model, its inputs, and how it is to be exported."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

import torch

from onnxdx_diagnostics.finding import Location

if TYPE_CHECKING:
    import onnx_ir as ir

    from onnxdx.registry import OnnxRegistry
    from onnxdx.weights.fake_mode import FakeContext

DEFAULT_OPSET = 20
SUPPORTED_OPSETS = range(18, 24)

FunctionsMode = Literal["none", "modules", "aten", "all"]


@dataclass(frozen=True)
class ExportOptions:
    """How to export. Every option does what it says.

    dynamic_shapes: as for `torch.export.export`; a string in place of a Dim names a dynamic dimension. The argument of
        `export()` of the same name wins over this one.
    fake_context: what `enable_fake_mode()` gave: parameters and buffers of the model are weights to come, whether they
        are fake or real. A model that was built in fake mode or on `meta` is known by its tensors, without it.
    onnx_registry: which ONNX function stands for which operator; None is torchlib plus onnxdx's own functions.
    opset_version: ONNX opset of the default domain, one of `SUPPORTED_OPSETS`.
    functions: "none" gives a flat graph, "modules" turns every nn.Module call into a call of an ONNX function, "aten"
        every operator of torch, "all" both.
    training: leave the module in the mode it is in; by default it is exported in eval mode.
    optimize: fold constants, merge equal nodes, drop dead ones, fuse what one node can do.
    optimizations: passes of your own, run after ours: passes of `onnx_ir`, or functions that change a model in place.
    bisect_passes: when the numbers differ from eager, export again without the last of the optimisation passes, then
        without the last two, and so on by halves, and name the one that changes them.
    verify: run the result in ONNX Runtime and compare it with eager.
    session_options: `onnxruntime.SessionOptions` with which ONNX Runtime is run, here and when the program is called:
        for kernels of operators that it does not have itself (`register_custom_ops_library`). None is its default.
    recovery_budget: seconds that may be spent, when the model cannot be captured, on finding what else stands in the
        way; no further way to a graph is tried once they are over, and none at all with 0.
    thorough: look twice: capture and verify the model on other values of the inputs as well. The command line does it
        with `--explain`.
    """

    dynamic_shapes: Any = None
    fake_context: FakeContext | None = None
    onnx_registry: OnnxRegistry | None = None
    opset_version: int = DEFAULT_OPSET
    functions: FunctionsMode = "none"
    training: bool = False
    optimize: bool = True
    optimizations: tuple[Callable[[ir.Model], object], ...] = ()
    bisect_passes: bool = False
    verify: bool = True
    session_options: Any = None
    recovery_budget: float = 300.0
    thorough: bool = False

    def __post_init__(self) -> None:
        if self.functions not in get_args(FunctionsMode):
            raise ValueError(
                f"functions is one of {', '.join(map(repr, get_args(FunctionsMode)))}, not {self.functions!r}"
            )
        if not self.recovery_budget >= 0:
            raise ValueError(f"recovery_budget is a number of seconds, 0 or more, not {self.recovery_budget!r}")


class Lacking(enum.Enum):
    """What of a request has no values: nothing, the weights (and the inputs, perhaps), or the inputs alone."""

    NOTHING = ""
    WEIGHTS = "fake weights"
    INPUTS = "fake inputs"


@dataclass(frozen=True)
class ExportRequest:
    """One export, complete: what `export()` and the command line hand to the pipeline.

    `target` is how the report names the model ("train/model.py:build"); `root` is the project root that user code lies
    under; `call_site` is the line that asked for the export, where a finding goes that has no line of its own.
    `lacking` says what has no values; the pipeline finds that out.
    """

    model: torch.nn.Module
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    dynamic_shapes: Any = None
    options: ExportOptions = field(default_factory=ExportOptions)
    target: str = ""
    root: str = ""
    call_site: Location | None = None
    lacking: Lacking = Lacking.NOTHING
