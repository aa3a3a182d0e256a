"""Files that are not plain UTF-8 are read and changed as what they are."""

from __future__ import annotations

import codecs
from collections.abc import Callable
from pathlib import Path

import pytest

from onnxdx_diagnostics import changes
from onnxdx_diagnostics.fix import Applicability

PROGRAM = '''import torch


class Net(torch.nn.Module):
    """Ein Netz für große Werte."""

    def forward(self, x):
        if x.sum() > 0:
            x = x * 2  # größer
        return x


def build():
    return Net(), (torch.rand(2, 3) - 0.5,)
'''


@pytest.mark.parametrize(
    ("head", "encoding", "mark", "end"),
    [
        ("# -*- coding: latin-1 -*-\n", "latin-1", b"", "\n"),
        ("", "utf-8", codecs.BOM_UTF8, "\n"),
        ("", "utf-8", b"", "\r\n"),
    ],
    ids=["latin-1", "byte order mark", "carriage returns"],
)
def test_a_file_of_another_form_is_fixed_in_it(
    head: str, encoding: str, mark: bytes, end: str, tmp_path: Path, run: Callable
) -> None:
    path = tmp_path / f"of_{encoding.replace('-', '_')}_{len(mark)}_{len(end)}.py"
    path.write_bytes(mark + (head + PROGRAM).replace("\n", end).encode(encoding))
    done = run.of_file(path)

    fix, *_ = done.fixes("DX101")

    assert fix.applicability is Applicability.PROVEN
    changes.apply(changes.prepared(fix.edits, tmp_path))
    changed = path.read_bytes().removeprefix(mark).decode(encoding)
    assert path.read_bytes().startswith(mark)
    assert "# größer" in changed
    assert f"x = torch.where(x.sum() > 0, x * 2, x){end}" in changed
    assert changed.count(end) == changed.count("\n")
