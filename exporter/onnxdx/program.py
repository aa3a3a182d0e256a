"""What an export gives: the ONNX model, how to save it, how to call it, and its report."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import onnx
import onnx_ir as ir
import torch
from torch.export.graph_signature import ConstantArgument, InputKind

from onnxdx.compat.pytree import flat_inputs, leaves_of
from onnxdx.user_code.call_site import call_site
from onnxdx.values import OnnxDraft, OutputKind
from onnxdx.verification.runtime import Session, weight_bytes
from onnxdx.weights import model_files
from onnxdx.weights.absent_weights import absent_weights, require_values
from onnxdx.weights.applied_weights import apply
from onnxdx.weights.checkpoint import State
from onnxdx.weights.model_files import Contents, Told, unheard
from onnxdx.weights.program_weights import Weights, WeightsError, of_checkpoint, weights_of
from onnxdx_diagnostics.finding import Finding, Location, Site
from onnxdx_diagnostics.graphs import Graphs
from onnxdx_diagnostics.report import Report, Verdict
from onnxdx_diagnostics.rules.dx737_weights_not_given import WeightsNotGiven

_EXTERNAL_BYTES = 2_000_000_000
"""From here on weights go to a file of their own: a protobuf message holds at most 2 GB."""


class ONNXProgram:
    """An exported model. When `report.exported` is false it is partial: placeholders stand where something is missing.

    `model` is the onnx_ir model, `report` everything the export had to say.
    """

    def __init__(self, draft: OnnxDraft, report: Report) -> None:
        self.draft = draft
        self.model: ir.Model = draft.model
        self.report = report
        self._session_options = draft.captured.request.options.session_options

    @property
    def model_proto(self) -> onnx.ModelProto:
        """The model as protobuf, with its weights. Raises NoValues when those are still to come."""
        require_values(self.model)
        return ir.serde.serialize_model(self.model)

    def save(
        self,
        path: str | os.PathLike[str],
        *,
        external_data: bool | None = None,
        include_weights: bool = True,
        model_state: State | None = None,
        progress: Told = unheard,
    ) -> None:
        """Write the model to `path`, whole or not at all.

        `external_data` puts weights of 1 kB and more into `<name>.data` beside it; by default only from 2 GB on, and
        when `model_state` is given. While the model that stands at `path` refers to a file of that name, the new one
        is `<name>.2.data`, so that one rename replaces both.

        `model_state` gives the weights of a model that was exported in fake mode, which stays without them: a state
        dict, a `.safetensors` or `torch.save` file, or the JSON index of its shards. They are streamed, and converted
        to the types of the graph. `include_weights=False` leaves weights out: the model refers to them by name, to be
        given to ONNX Runtime with `SessionOptions.add_external_initializers`. Constants that were folded from weights
        stay; in fake mode none are.

        `progress` hears how many bytes of how many are written.

        Raises OSError, and WeightsError when weights are to come and `model_state` does not give them. Warnings on it
        go to `report`.
        """
        place = call_site(2, "save")
        self.save_for(
            path,
            model_state,
            external_data=external_data,
            include_weights=include_weights,
            progress=progress,
            place=place,
        )

    def save_for(
        self,
        path: str | os.PathLike[str],
        model_state: State | None,
        *,
        external_data: bool | None = None,
        include_weights: bool = True,
        progress: Told = unheard,
        place: Location | None = None,
    ) -> None:
        """`save` on behalf of the line `place`; without one, of the line that asked for the export."""
        weights = self._weights(model_state, place) if model_state is not None else None
        left_out = set() if include_weights else weights_of(self.model, self.draft)
        absent = absent_weights(self.model).values()
        if absent and include_weights and weights is None:
            raise WeightsError([WeightsNotGiven(self._site(place), tuple(weight.sources[0] for weight in absent))])
        large = weights is not None or (include_weights and weight_bytes(self.model) >= _EXTERNAL_BYTES)
        apart = large if external_data is None else external_data
        contents = Contents(self.model, weights.taken if weights is not None else {}, apart, left_out)
        model_files.save(contents, Path(path), progress)
        if weights is not None:
            self.say([*weights.findings, *weights.overflows(self._site(place))])

    def apply_weights(self, state: State) -> None:
        """Give a model that was exported in fake mode its weights, for good; `state` is as `model_state` of `save`.

        The weights are then in memory, and the program can be called, verified and saved as any other. Raises
        WeightsError when `state` does not give them; the program is then as it was.
        """
        place = call_site(2, "apply_weights")
        weights = self._weights(state, place)
        apply(self.draft, weights)
        vars(self).pop("_session", None)
        self.say([*weights.findings, *weights.overflows(self._site(place))])

    def check_weights(self, state: State, place: Location | None = None) -> None:
        """Hold a checkpoint against the model without reading its values. Raises WeightsError."""
        self.say(self._weights(state, place).findings)

    def verify(self, *args: Any, **kwargs: Any) -> Verdict:
        """Compare the program with eager in ONNX Runtime, on these inputs of the torch model or those of the export.

        For programs that were exported in fake mode, after `apply_weights`; the verdict is that of `report` from then
        on. Raises ValueError when weights or inputs have no values.
        """
        from onnxdx.pipeline import verified

        self.draft, self.report = verified(self.draft, self.report, args, kwargs)
        return self.report.verdict

    def _weights(self, state: State, place: Location | None) -> Weights:
        if not absent_weights(self.model) and weights_of(self.model, self.draft):
            raise ValueError(
                "the program has its weights already: export the model in fake mode "
                "(`ExportOptions(fake_context=...)`) to give it others"
            )
        return of_checkpoint(self.draft, state, place)

    def say(self, findings: Sequence[Finding]) -> None:
        """Add to what the report has to say."""
        known = self.report.findings
        self.report = replace(self.report, findings=(*known, *(each for each in findings if each not in known)))

    def _site(self, place: Location | None) -> Site:
        return Site(place) if place is not None else self.draft.captured.sources.fallback()

    def graphs(self) -> Graphs:
        """The program as captured, as decomposed and as ONNX, as plain data; made anew by each call."""
        from onnxdx.graphs import graphs_of

        return graphs_of(self.draft, self.report)

    def __call__(self, *args: Any, session_options: Any = None, **kwargs: Any) -> tuple[torch.Tensor, ...]:
        """Run the model in ONNX Runtime on the inputs of the torch model; its tensor outputs, flattened.

        `session_options` are `onnxruntime.SessionOptions`, for kernels that ONNX Runtime does not have itself; without
        them those of the export are taken.
        Values that the model updates (buffers, inputs) are not among them; `adapt_torch_outputs_to_onnx` is the
        same selection for eager outputs. Raises ValueError when the inputs have another structure than at capture,
        NoValues when the weights are still to come.
        """
        if session_options is not None and session_options is not self._session_options:
            self._session_options = session_options
            vars(self).pop("_session", None)
        results = self._session.run(self.adapt_torch_inputs_to_onnx(*args, **kwargs))
        users = [binding.kind is OutputKind.USER for binding in self.draft.outputs]
        return tuple(result for result, user in zip(results, users, strict=True) if user)

    def adapt_torch_inputs_to_onnx(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """The inputs of the ONNX graph, by name, from those of the torch model."""
        flat = flat_inputs(self.draft.captured.exported, args, kwargs)
        for position, (name, captured) in self._constants.items():
            if flat[position] != captured:
                raise ValueError(
                    f"`{name}` was {captured!r} at export and is part of the model; it is {flat[position]!r}"
                )
        return {b.name: flat[b.position] for b in self.draft.inputs if b.position is not None}

    def adapt_torch_outputs_to_onnx(self, outputs: Any) -> Sequence[torch.Tensor]:
        """The outputs of the torch model in the order of the ONNX graph's: flattened, without None and constants."""
        flat = leaves_of(outputs)
        return [flat[b.position] for b in self.draft.outputs if b.kind is OutputKind.USER and b.position is not None]

    @cached_property
    def _constants(self) -> dict[int, tuple[str, object]]:
        """The inputs that became part of the model, by position: their names and values."""
        specs = self.draft.captured.exported.graph_signature.input_specs
        users = [spec.arg for spec in specs if spec.kind is InputKind.USER_INPUT]
        return {
            position: (argument.name, argument.value)
            for position, argument in enumerate(users)
            if isinstance(argument, ConstantArgument)
        }

    @cached_property
    def _session(self) -> Session:
        require_values(self.model)
        return Session(self.model, options=self._session_options)
