"""Which line of the project stands for a finding where a host insists on one (code scanning, annotations)."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from pathlib import PurePosixPath

from onnxdx_diagnostics import source
from onnxdx_diagnostics.codec import shown_path
from onnxdx_diagnostics.finding import Finding, Location
from onnxdx_diagnostics.report import Report

_INSTALLED = re.compile(r"(?:^|/)(?:site-packages|dist-packages|lib/python3\.\d+)/(.+)$")


def anchor(finding: Finding, report: Report) -> Location | None:
    """The line of the project to show `finding` on, its path relative to the root: the finding's own place, else the
    innermost frame of the user's code, else where the exported target is defined. None when the project has none.
    """
    frames = [frame.location for frame in reversed(finding.site.stack) if frame.user]
    own = [finding.site.location] if finding.site.location else []
    for location in [*own, *frames]:
        path = project_path(location.path, report.root)
        if path:
            return replace(location, path=path)
    return _target(report)


@lru_cache(maxsize=4096)
def project_path(path: str, root: str) -> str:
    """`path` relative to `root` with forward slashes; empty for what is no file of the project.

    Files outside the root, installed packages and pseudo-files ("<eval_with_key>.12") are none.
    """
    shown = shown_path(path, root).replace("\\", "/")
    parts = PurePosixPath(shown).parts
    if not parts or shown.startswith(("/", "<")) or re.match(r"[A-Za-z]:", shown) or ".." in parts:
        return ""
    if installed_path(shown) or any(part.startswith("<") for part in parts):
        return ""
    return "/".join(parts)


def installed_path(path: str) -> str:
    """`path` relative to the folder of installed packages or of the standard library; empty when it is in neither."""
    found = _INSTALLED.search(path.replace("\\", "/"))
    return re.sub(r"^(?:site|dist)-packages/", "", found.group(1)) if found else ""


def _target(report: Report) -> Location | None:
    file, _, name = report.target.rpartition(":")
    path = project_path(file, report.root) if file.endswith(".py") else ""
    if not path:
        return None
    full = f"{report.root}/{path}" if report.root else path
    line = source.definition(full, name) or 1
    return replace(source.region(full, line), path=path)
