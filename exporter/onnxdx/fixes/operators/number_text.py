"""Tables of numbers as text that generated code unpacks: filter banks, windows, matrices of a transform."""

from __future__ import annotations

import base64
import zlib
from typing import Any

import numpy as np

IMPORTS = frozenset(
    {
        "import base64",
        "import zlib",
        "import numpy as np",
        "import onnx_ir as ir",
        "from onnxscript import opset18 as op",
    }
)
"""What the statements need."""

_WIDTH = 80


def unpacked(name: str, array: np.ndarray[Any, Any]) -> list[str]:
    """Statements that make a constant of ONNX of an array, under a name, from its bytes in base 64."""
    little = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
    text = base64.b64encode(zlib.compress(little.tobytes(), 9)).decode()
    lines = [f'    "{text[start : start + _WIDTH]}"' for start in range(0, len(text), _WIDTH)]
    shape = ", ".join(map(str, array.shape))
    numbers = f'np.frombuffer(zlib.decompress(base64.b64decode({name})), "{little.dtype.str}")'
    return [
        f"{name} = (  # {shape.replace(', ', ' x ')} numbers of {array.dtype.name}",
        *lines,
        ")",
        f"{name} = {numbers}.reshape({shape})",
        f"{name} = op.Constant(value=ir.tensor({name}))",
    ]
