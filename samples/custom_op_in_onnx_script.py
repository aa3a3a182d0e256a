"""Exports an operator of PyTorch that has no ONNX function: `special_i1`, written in ONNX Script."""

import torch
from onnxscript import opset18 as op
from torch import nn

from onnxdx import ExportTarget, OnnxRegistry

registry = OnnxRegistry()


def polynomial(x, coefficients):
    """Horner's scheme; the last coefficient is that of the highest power."""
    result = coefficients[-1]
    for coefficient in reversed(coefficients[:-1]):
        result = op.Add(op.Mul(result, x), coefficient)
    return result


@registry.op(torch.ops.aten.special_i1.default)
def special_i1(x):
    """The modified Bessel function of the first order, by Abramowitz and Stegun 9.8.3 and 9.8.4."""
    size = op.Abs(x)
    ratio = op.Div(size, 3.75)
    square = op.Mul(ratio, ratio)
    small = [0.5, 0.87890594, 0.51498869, 0.15084934, 0.02658733, 0.00301532, 0.00032411]
    near = op.Mul(size, polynomial(square, small))
    inverse = op.Div(3.75, op.Max(size, 3.75))
    large = [
        *(0.39894228, -0.03988024, -0.00362018, 0.00163801, -0.01031555),
        *(0.02282967, -0.02895312, 0.01787654, -0.00420059),
    ]
    far = op.Mul(op.Div(op.Exp(size), op.Sqrt(op.Max(size, 3.75))), polynomial(inverse, large))
    return op.Mul(op.Sign(x), op.Where(op.Less(size, 3.75), near, far))


class Window(nn.Module):
    """Weights samples by a Bessel function of their place, as filters of Kaiser and Bessel do."""

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        self.place = nn.Parameter(torch.linspace(-4, 4, width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * torch.special.i1(self.place) + torch.special.i1(x)


def build():
    torch.manual_seed(0)
    return ExportTarget(Window(), (torch.randn(4, 16),), registry=registry)
