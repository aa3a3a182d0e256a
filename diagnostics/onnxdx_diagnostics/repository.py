"""Which revision of which repository a project is, read from its `.git` folder without running git."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_HOSTED = re.compile(r"(?P<scheme>https?|ssh|git)://(?:[^/@]*@)?(?P<rest>[^/@\s]+/\S+)$")
_SCP_LIKE = re.compile(r"(?:[\w.-]+@)?(?P<host>[\w.-]+\.\w+):(?P<path>(?!//)\S+)$")


@dataclass(frozen=True)
class Revision:
    """A commit (40 or 64 hex digits, or nothing before the first) on a branch, in the repository at `uri`."""

    uri: str
    commit: str = ""
    branch: str = ""


def revision(root: str) -> Revision | None:
    """The revision of the project at `root`; None unless `root` is a checkout of a repository that has a public name.

    Credentials in the name are dropped, and a repository that is only a folder has no name.
    """
    try:
        git = Path(root, ".git")
        if git.is_file():
            git = Path(root, git.read_text("utf-8").removeprefix("gitdir:").strip())
        common = git / (git / "commondir").read_text("utf-8").strip() if (git / "commondir").is_file() else git
        uri = _origin((common / "config").read_text("utf-8"))
        head = (git / "HEAD").read_text("utf-8").strip()
        if not root or not uri:
            return None
        reference = head.removeprefix("ref:").strip() if head.startswith("ref:") else ""
        commit = _commit(common, reference) if reference else head
    except (OSError, ValueError):
        return None
    known = commit if re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", commit) else ""
    return Revision(uri, known, reference.removeprefix("refs/heads/"))


def _origin(config: str) -> str:
    section = re.search(r'^\[remote "origin"\]\s*$(?P<body>[^\[]*)', config, re.MULTILINE)
    url = re.search(r"^\s*url\s*=\s*(\S+)\s*$", section["body"], re.MULTILINE) if section else None
    if url is None:
        return ""
    hosted = _HOSTED.match(url[1])
    if hosted:
        return f"{hosted['scheme']}://{hosted['rest']}"
    scp = _SCP_LIKE.match(url[1])
    return f"ssh://{scp['host']}/{scp['path'].lstrip('/')}" if scp else ""


def _commit(common: Path, reference: str) -> str:
    if ".." in reference or not reference.startswith("refs/"):
        return ""
    loose = common / reference
    if loose.is_file():
        return loose.read_text("utf-8").strip()
    packed = common / "packed-refs"
    lines = packed.read_text("utf-8").splitlines() if packed.is_file() else []
    return next((line.split(" ")[0] for line in lines if line.endswith(f" {reference}")), "")
