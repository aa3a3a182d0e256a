"""Exports a custom operator that no runtime knows: as a node of its own domain, to be run with a kernel or a body."""

import torch
from onnxscript import opset18 as op
from onnxscript import script
from torch import nn

from onnxdx import ExportTarget, OnnxDomain, OnnxRegistry

DOMAIN = "ai.onnx.contrib"
"""The domain in which `onnxruntime-extensions` looks for kernels written in Python."""

contrib = OnnxDomain(DOMAIN)


@torch.library.custom_op("signal::mirror", mutates_args=())
def mirror(x: torch.Tensor, factor: float) -> torch.Tensor:
    """x, and then x again backwards and scaled."""
    return torch.cat([x, x.flip(-1) * factor], -1)


@mirror.register_fake
def _(x: torch.Tensor, factor: float) -> torch.Tensor:
    return x.new_empty(*x.shape[:-1], 2 * x.shape[-1])


def mirror_node(x, factor: float):
    """The operator as a node that a kernel computes."""
    return contrib.Mirror(x, factor=factor)


@script(OnnxDomain("signal"), default_opset=op)
def Mirror(x, factor: float):
    """The operator as an ONNX function, whose body any runtime can compute."""
    last = op.Constant(value_ints=[-1])
    first = op.Constant(value_ints=[-9223372036854775807])
    return op.Concat(x, op.Mul(op.Slice(x, last, first, last, last), op.CastLike(factor, x)), axis=-1)


class Extend(nn.Module):
    """Extends a signal before it is filtered."""

    def __init__(self, width: int = 8) -> None:
        super().__init__()
        self.filter = nn.Linear(2 * width, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.filter(mirror(x, 0.5))  # expect: DX715


def build():
    torch.manual_seed(0)
    return ExportTarget(Extend(), (torch.randn(4, 8),), registry=OnnxRegistry().with_op(mirror, mirror_node))


def with_body():
    """The same model, with the operator's body in it."""
    torch.manual_seed(0)
    return ExportTarget(Extend(), (torch.randn(4, 8),), registry=OnnxRegistry().with_op(mirror, Mirror))


def with_kernel():
    """The same model as `build`, with a kernel of `onnxruntime-extensions`, which is to be installed."""
    import numpy as np
    import onnxruntime
    from onnxruntime_extensions import PyCustomOpDef, get_library_path, onnx_op

    @onnx_op(
        op_type="Mirror",
        inputs=[PyCustomOpDef.dt_float],
        outputs=[PyCustomOpDef.dt_float],
        attrs={"factor": PyCustomOpDef.dt_float},
    )
    def _(x, factor):
        return np.concatenate([x, x[..., ::-1] * np.float32(factor)], -1)

    options = onnxruntime.SessionOptions()
    options.register_custom_ops_library(get_library_path())
    target = build()
    return ExportTarget(target.model, target.args, registry=target.registry, session_options=options)
