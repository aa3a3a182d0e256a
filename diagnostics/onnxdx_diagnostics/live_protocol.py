"""What the worker that stays and its client say to each other.

The client makes a folder and starts `python -m onnxdx.live_worker FOLDER`. It writes requests on the worker's standard
input, one JSON object a line, and reads replies from the file `replies.ndjson` in the folder, one a line as well. A
pipe that nobody reads would stall the export; a file does not.

    -> {"version": 1, "id": 1, "ask": "export", "job": {"target": "net.py:build", "root": "/p", ...}}
    <- {"version": 1, "id": 0, "said": "ready"}
    <- {"version": 1, "id": 1, "said": "started", "pid": 4711}
    <- {"version": 1, "id": 1, "said": "answered"}
    -> {"version": 1, "id": 2, "ask": "rerun", "registry": "/p/onnxdx_registry.py"}
    <- {"version": 1, "id": 2, "said": "answered"}
    -> {"version": 1, "id": 3, "ask": "fixes", "finding": "5d41402abc4b2a76b9719d911017c592"}
    <- {"version": 1, "id": 3, "said": "answered", "finding": {...}}
    -> {"version": 1, "id": 4, "ask": "bye"}

Every request gets one reply that closes it: `answered`; `interrupted`, after a SIGINT to the pid, with which the
session is as it was before the request; `stale`, when only a new export can tell; `refused`, when there is nothing to
do it with; `died`, when the process ended. `ready` and `started` close nothing.

An export or a rerun leaves `<id>/answer.json` (`worker_protocol.Answer`) in the folder, and graphs and models as its
job asks for. What happens meanwhile is in the log of events that the job names. What the user's code prints is in
`output.txt`, the stacks of a process that ended in `stacks.txt`.

The process of `started` leads a group: it holds the session, and everything that the user's code starts. An `export`
ends it, and starts another. All of them end when the standard input of the worker does.
"""

from __future__ import annotations

import enum
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from onnxdx_diagnostics.codec import plain_finding, read_edit, read_finding
from onnxdx_diagnostics.finding import Finding
from onnxdx_diagnostics.fix import Edit
from onnxdx_diagnostics.worker_protocol import Job, OtherVersion

VERSION = 1
REPLIES = "replies.ndjson"
OUTPUT = "output.txt"

# Both sides speak while the user's code runs, which may replace what `json` offers.
_encode = json.JSONEncoder(separators=(",", ":")).encode
_decode = json.JSONDecoder().decode


class Ask(enum.Enum):
    """What a client wants.

    EXPORT: a `job`, in a new process. RERUN: the latest job with `registry` as its registry file, or with none. FIXES:
    a `finding` of the latest run, by its identity (`fingerprint`), with the fixes that were tried for it. RETRY: what
    would come of the target with `edits` in its files. BYE: the end.
    """

    EXPORT = "export"
    RERUN = "rerun"
    FIXES = "fixes"
    RETRY = "retry"
    BYE = "bye"


@dataclass(frozen=True)
class Request:
    """One thing to do. Ids count up from 1."""

    id: int
    ask: Ask
    job: Job | None = None
    registry: str = ""
    finding: str = ""
    edits: tuple[Edit, ...] = ()

    def line(self) -> bytes:
        """The request as it travels, without its line end."""
        plain: dict[str, Any] = {"version": VERSION, "id": self.id, "ask": self.ask.value}
        match self.ask:
            case Ask.EXPORT:
                assert self.job is not None
                plain["job"] = asdict(self.job)
            case Ask.RERUN:
                plain["registry"] = self.registry
            case Ask.FIXES:
                plain["finding"] = self.finding
            case Ask.RETRY:
                plain["edits"] = [asdict(edit) for edit in self.edits]
            case Ask.BYE:
                pass
        return _encode(plain).encode("ascii")

    @staticmethod
    def read(line: bytes) -> Request:
        """What `line` gave. Raises OtherVersion, and ValueError for what is no request."""
        plain = _object(line)
        try:
            return Request(
                id=int(plain["id"]),
                ask=Ask(plain["ask"]),
                job=Job.of(plain["job"]) if "job" in plain else None,
                registry=str(plain.get("registry", "")),
                finding=str(plain.get("finding", "")),
                edits=tuple(map(read_edit, plain.get("edits", ()))),
            )
        except (AttributeError, KeyError, TypeError) as error:
            raise ValueError(f"no request: {line[:80]!r}") from error


class Said(enum.Enum):
    """What a worker tells; see above."""

    READY = "ready"
    STARTED = "started"
    ANSWERED = "answered"
    INTERRUPTED = "interrupted"
    STALE = "stale"
    REFUSED = "refused"
    DIED = "died"

    @property
    def closes(self) -> bool:
        """Whether the request is over with it."""
        return self not in (Said.READY, Said.STARTED)


@dataclass(frozen=True)
class Reply:
    """What a worker says of the request `id`; 0 is none.

    `reason` is a sentence for STALE and REFUSED, and for DIED the signal or the exit status. `pid` is that of STARTED.
    `finding` is that of FIXES, with what was tried; of FIXES that are refused it is the fault of ours that did it.
    `same` and `difference` are those of RETRY (see `onnxdx.fixes.Retried`), whose report is in the answer.
    """

    id: int
    said: Said
    reason: str = ""
    pid: int = 0
    finding: Finding | None = None
    same: bool = False
    difference: str = ""

    def line(self) -> bytes:
        """The reply as it travels, without its line end."""
        plain: dict[str, Any] = {"version": VERSION, "id": self.id, "said": self.said.value}
        for name in ("reason", "pid", "same", "difference"):
            if value := getattr(self, name):
                plain[name] = value
        if self.finding is not None:
            plain["finding"] = plain_finding(self.finding, root="")
        return _encode(plain).encode("ascii")

    @staticmethod
    def read(line: bytes) -> Reply:
        """What `line` gave. Raises OtherVersion, and ValueError for what is no reply."""
        plain = _object(line)
        try:
            return Reply(
                id=int(plain["id"]),
                said=Said(plain["said"]),
                reason=str(plain.get("reason", "")),
                pid=int(plain.get("pid", 0)),
                finding=read_finding(plain["finding"]) if "finding" in plain else None,
                same=bool(plain.get("same", False)),
                difference=str(plain.get("difference", "")),
            )
        except (AttributeError, KeyError, TypeError) as error:
            raise ValueError(f"no reply: {line[:80]!r}") from error


def _object(line: bytes) -> Mapping[str, Any]:
    plain = _decode(line.decode("utf-8"))
    if not isinstance(plain, dict):
        raise ValueError(f"no object: {line[:80]!r}")
    if plain.get("version") != VERSION:
        raise OtherVersion(f"version {plain.get('version')!r} of the protocol, not {VERSION}")
    return plain
