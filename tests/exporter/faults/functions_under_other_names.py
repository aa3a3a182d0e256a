"""A function for a misspelt operator is told with the call that goes without it; a script and a wrong constant."""

import torch
from onnxscript import opset18 as op
from onnxscript import script, values

from onnxdx.registry import OnnxRegistry
from onnxdx.target import ExportTarget

OWN = values.Opset("naming.own", 1)


def operator(name):
    @torch.library.custom_op(f"naming::{name}", mutates_args=())
    def body(x: torch.Tensor) -> torch.Tensor:
        return torch.relu(x)

    body.register_fake(torch.empty_like)
    return body


dotted, scripted, constant, same, leaves = map(operator, ("dotted", "scripted", "constant", "same", "leaves"))


@script(OWN, default_opset=op)
def relu(x):
    return op.Relu(x)


def exits(x):
    raise SystemExit(2)


class Net(torch.nn.Module):
    def forward(self, x):
        y = dotted(x)  # expect: DX301
        y = y + scripted(x)
        y = y + constant(x)  # expect: DX412
        y = y + leaves(x)  # expect: DX411
        return same(y)  # expect: DX601


def build():
    registry = (
        OnnxRegistry()
        .with_op("naming.dotted", lambda x: op.Relu(x))  # expect: DX310
        .with_op(scripted, relu)
        .with_op(constant, lambda x: op.Constant(value_floats=[0.0]))
        .with_op(leaves, exits)
        .with_op(same, lambda x: op.Neg(op.Relu(x)))
    )
    return ExportTarget(Net(), (torch.linspace(-1, 1, 6).view(2, 3),), registry=registry)
