"""The values that flow from pass to pass. Each is frozen; a pass makes a new one.

    ExportRequest -> CapturedProgram -> DecomposedProgram -> DispatchPlan -> FunctionPlan -> OnnxDraft -> OnnxDraft
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from torch.export import ExportedProgram

from onnxdx.provenance import SourceMap
from onnxdx.request import ExportRequest


class CaptureMode(enum.Enum):
    """How the graph was captured. Anything but the first two is a stand-in: good for diagnosis, never returned."""

    NON_STRICT = "non-strict"
    STRICT = "strict"
    DRAFT = "draft"
    SPECIALIZED = "specialized"


@dataclass(frozen=True)
class CapturedProgram:
    """The graph that torch.export captured, in its training IR (not functionalised).

    `dims` maps torch's symbols ("s77") to the user's own names ("batch"). `recovered` says that the capture the user
    asked for failed and that this program is a stand-in which lets the later passes speak.
    """

    request: ExportRequest
    exported: ExportedProgram
    mode: CaptureMode
    sources: SourceMap
    dims: Mapping[str, str] = field(default_factory=dict)

    @property
    def recovered(self) -> bool:
        """Whether this program is a stand-in for one that could not be captured."""
        return self.mode not in (CaptureMode.NON_STRICT, CaptureMode.STRICT)
