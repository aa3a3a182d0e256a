"""Exceptions of torch.export become findings; of those that no rule knows, the one with a line of the user's counts."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from onnxdx.user_code.capture_errors import first_line, unexplained
from onnxdx.user_code.provenance import SourceMap
from onnxdx.user_code.stacks import chain_of
from onnxdx_diagnostics.finding import Location
from onnxdx_diagnostics.rules.dx110_unsupported_python import UnsupportedPython
from onnxdx_diagnostics.rules.dx199_capture_failed import CaptureFailed

CALL = Location("script.py", 7)


def raised(text: str, path: Path) -> BaseException:
    """The exception that the code `text` of the user raises."""
    path.write_text(text)
    with pytest.raises(Exception) as caught:  # noqa: PT011
        exec(compile(text, str(path), "exec"), {})
    return caught.value


def test_an_error_without_a_line_is_quoted_at_the_call() -> None:
    error = RuntimeError("Boom in the machinery. It went wrong.\nMuch more text.")

    finding = unexplained([error], SourceMap("", CALL))

    assert finding == CaptureFailed(finding.site, "RuntimeError", "Boom in the machinery")
    assert finding.site.location == CALL


@pytest.mark.skipif(sys.version_info < (3, 11), reason="code has columns since Python 3.11")
def test_the_error_that_knows_a_line_of_the_user_is_preferred(tmp_path: Path) -> None:
    known = raised("def forward(x):\n    return x.undefined\n\nforward(1)\n", tmp_path / "model.py")

    finding = unexplained([RuntimeError("Boom"), known], SourceMap(str(tmp_path), CALL))

    assert isinstance(finding, UnsupportedPython)
    assert (finding.site.location.line, finding.expression) == (2, "x.undefined")
    assert finding.reason == "'int' object has no attribute 'undefined'"


def test_the_cause_of_an_error_is_read_too(tmp_path: Path) -> None:
    cause = raised("import math\nmath.sqrt(-1)\n", tmp_path / "model.py")
    outer = RuntimeError("wrapped")
    outer.__cause__ = cause

    site = SourceMap(str(tmp_path), CALL).site_of_error(outer)

    assert [type(link) for link in chain_of(outer)] == [RuntimeError, ValueError]
    assert site.location.line == 2


def test_a_stack_in_the_text_of_an_error_counts(tmp_path: Path) -> None:
    model = tmp_path / "model.py"
    model.write_text("def forward(x):\n    return x.item()\n")
    error = RuntimeError(f'Cannot.\n\nfrom user code:\n   File "{model}", line 2, in forward\n    return x.item()\n')

    site = SourceMap(str(tmp_path), CALL).site_of_error(error)

    assert (site.location.path, site.location.line) == (str(model), 2)


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ("", ""),
        ("\n  One thing.  \nAnother.", "One thing"),
        ("Not for 'FakeTensor' objects (e.g. FakeTensor). Use others.", "Not for 'Tensor' objects (e.g. Tensor)"),
        ("torch 2.13 says no", "torch 2.13 says no"),
    ],
)
def test_of_an_error_one_sentence_is_said(said: str, line: str) -> None:
    assert first_line(ValueError(said)) == line
