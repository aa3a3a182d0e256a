"""Domains of ONNX operators that the onnx package has no schema for: those of a runtime, and the user's own."""

from __future__ import annotations

from onnxscript.values import Op, Opset


class OnnxDomain(Opset):
    """The operators of one domain, by their names, for use in ONNX functions: `OnnxDomain("com.microsoft").Gelu(x)`.

    Inputs are given by position and attributes by keyword; `_outputs=2` asks for as many results. onnx knows nothing
    of these operators, so nothing is checked before a runtime loads the model. Also the opset of `@onnxscript.script`.
    """

    def __new__(cls, domain: str, version: int = 1) -> OnnxDomain:
        return super().__new__(cls, domain, version)  # type: ignore[no-any-return]

    def operator(self, name: str) -> Op:
        """The operator of this name; for names that do not begin with a capital letter."""
        return Op(self, name)

    def __getattr__(self, attr: str) -> Op:
        # Whoever asks an object for a method it may have (`cache_info`, `shape`) is not to be given an operator.
        if not attr[:1].isupper():
            raise AttributeError(f"{self!r} has no attribute {attr!r}; see `operator()`")
        return self.operator(attr)

    def __contains__(self, opname: object) -> bool:
        return isinstance(opname, str)
