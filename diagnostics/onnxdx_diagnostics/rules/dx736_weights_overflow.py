"""DX736: weights of the checkpoint are too large for the type of the model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix
from onnxdx_diagnostics.named_weights import told


@dataclass(frozen=True)
class WeightsOverflow(Finding):
    """Weights of the checkpoint are too large for the type of the model.

    ## What it means
    The checkpoint holds finite numbers that become infinite in the type that the model computes in: float16 ends at
    65504.

    ## Why it matters
    The model is complete, as it would be after `load_state_dict`. Infinite weights give infinite or undefined results,
    unless they are the lowest number of a mask.

    ## How to fix it
    Build the model in bfloat16 or float32, or scale the weights.
    """

    id: ClassVar[str] = "DX736"
    name: ClassVar[str] = "weights-overflow"
    level: ClassVar[Level] = Level.WARNING

    checkpoint: str
    names: tuple[str, ...]
    dtype: str

    def message(self) -> str:
        return f"In `{self.checkpoint}`, {told(self.names)} has numbers that are infinite in `{self.dtype}`."

    def fixes(self) -> tuple[Fix, ...]:
        return (Fix("Build the model in a type with the range of the checkpoint's, as bfloat16 or float32."),)
