"""The worker that stays: a target is exported again and again, whatever its files and functions do meanwhile."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from onnxdx_diagnostics.comparison import compare
from onnxdx_diagnostics.event_log import LineTail
from onnxdx_diagnostics.events import Event
from onnxdx_diagnostics.finding import Finding
from onnxdx_diagnostics.fingerprint import identities
from onnxdx_diagnostics.live_protocol import REPLIES, Ask, Reply, Request, Said
from onnxdx_diagnostics.report import Report
from onnxdx_diagnostics.worker_protocol import Answer, Job
from onnxdx_tui.live_worker import LiveWorker, Refused
from onnxdx_tui.worker_process import End, Ended

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux only")

MODEL = """
import torch

for name in ("double", "third"):
    torch.library.define(f"live::{name}", "(Tensor x) -> Tensor")
    torch.library.register_fake(f"live::{name}")(torch.empty_like)
torch.library.impl("live::double", "cpu")(lambda x: x * 2)
torch.library.impl("live::third", "cpu")(lambda x: x / 3)

class Net(torch.nn.Module):
    def forward(self, x):
        return torch.ops.live.third(torch.ops.live.double(x))

def build():
    print("building")
    return Net(), (torch.rand(2, 4),)
"""
REGISTRY = """
import onnxdx
from onnxscript import opset18 as op

registry = onnxdx.OnnxRegistry()

@registry.op("live::double")
def double(x):
    {body}
    return op.Add(x, x)
"""


@dataclass
class Project:
    """A project with its worker, and what is heard of it."""

    path: Path
    worker: LiveWorker
    heard: list[Event] = field(default_factory=list)
    interrupt_at: str = ""

    @property
    def registry(self) -> Path:
        return self.path / "operators.py"

    def export(self, **wishes: object) -> Report:
        job = Job(f"{self.path / 'net.py'}:build", str(self.path), str(self.path / "events.ndjson"), **wishes)  # type: ignore[arg-type]
        return report(self.worker.export(job, self.hear))

    def rerun(self, text: str | None) -> Ended:
        """The end of a rerun with this text as the registry file."""
        if text is not None:
            self.registry.write_text(text)
        return self.worker.rerun(self.registry if text is not None else None, self.hear)

    def hear(self, event: Event) -> None:
        self.heard.append(event)
        if self.interrupt_at and event.subject == self.interrupt_at:
            self.worker.cancel()

    @property
    def said(self) -> Finding:
        """The latest finding that was heard."""
        return [event.finding for event in self.heard if event.finding is not None][-1]


def report(ended: Ended) -> Report:
    assert ended.end is End.ANSWERED, ended
    assert ended.answer is not None
    assert ended.answer.report is not None, ended.answer
    return ended.answer.report


def operators(findings: Report) -> list[str]:
    return [finding.site.op for finding in findings.findings]


def is_kept(result: Report) -> bool:
    """Whether the capture is that of an earlier run."""
    return "kept" in result.passes[0].facts


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveWorker]:
    with LiveWorker(tmp_path_factory.mktemp("worker")) as running:
        yield running


@pytest.fixture
def project(tmp_path: Path, worker: LiveWorker) -> Project:
    (tmp_path / "net.py").write_text(MODEL)
    return Project(tmp_path, worker)


def test_a_rerun_with_a_function_resolves_its_finding(project: Project) -> None:
    before = project.export()

    after = report(project.rerun(REGISTRY.format(body="")))

    assert operators(before) == ["live.double.default", "live.third.default"]
    assert str(compare(before, after)) == "1 resolved, 1 remaining, 0 introduced"
    assert is_kept(after)


def test_a_rerun_without_the_file_is_as_before(project: Project) -> None:
    before = project.export()
    project.rerun(REGISTRY.format(body=""))

    after = report(project.rerun(None))

    assert after.findings == before.findings
    assert is_kept(after)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (REGISTRY.format(body="") + "\n1 / 0\n", "DX710"),
        (REGISTRY.format(body=")"), "DX710"),
        ("registry = 3\n", "DX711"),
        (REGISTRY.format(body="").replace("(x):", "(x, axis):"), "DX712"),
        (REGISTRY.format(body="") + "\nregistry.op('live::double')(lambda x: x)\n", "DX713"),
        ("import sys\nsys.exit(4)\n", "DX710"),
    ],
    ids=["raises", "does not parse", "no registry", "wrong signature", "registered twice", "exits"],
)
def test_a_file_that_is_wrong_costs_nothing_but_the_run(project: Project, text: str, rule: str) -> None:
    project.export()

    ended = project.rerun(text)

    assert ended.answer is not None
    assert ended.answer.report is None
    assert project.said.id == rule
    assert is_kept(report(project.rerun(REGISTRY.format(body=""))))


def test_a_file_of_the_same_size_and_time_is_read_again(project: Project) -> None:
    project.export()
    project.rerun(REGISTRY.format(body="wrong = 1"))
    stat = project.registry.stat()
    project.registry.write_text(REGISTRY.format(body="1 / 0    "))
    os.utime(project.registry, ns=(stat.st_atime_ns, stat.st_mtime_ns))

    ended = project.worker.rerun(project.registry, project.hear)

    assert {finding.id for finding in report(ended).findings} == {"DX411", "DX301"}


def test_a_function_that_ends_the_process_costs_the_session_only(project: Project) -> None:
    project.export()

    ended = project.rerun(REGISTRY.format(body="import os; os._exit(3)"))

    assert (ended.end, ended.by) == (End.DIED, "exit status 3")
    assert "in double" in ended.text
    again = report(project.rerun(REGISTRY.format(body="")))
    assert operators(again) == ["live.third.default"]
    assert not is_kept(again)


def test_a_function_that_does_not_end_can_be_cancelled(project: Project) -> None:
    project.export()
    project.interrupt_at = "translate"

    ended = project.rerun(REGISTRY.format(body="while True: pass"))

    assert ended.end is End.STOPPED
    project.interrupt_at = ""
    assert is_kept(report(project.rerun(REGISTRY.format(body=""))))


def test_a_process_that_heeds_no_interrupt_is_ended(project: Project) -> None:
    project.export()
    project.interrupt_at = "translate"
    body = "import signal; [signal.signal(n, signal.SIG_IGN) for n in (2, 15)]\n    while True: pass"

    ended = project.rerun(REGISTRY.format(body=body))

    assert ended.end is End.STOPPED
    project.interrupt_at = ""
    assert not is_kept(report(project.rerun(REGISTRY.format(body=""))))


def test_a_step_over_its_time_is_ended_with_its_stacks(project: Project) -> None:
    project.export(seconds=2.0)

    ended = project.rerun(REGISTRY.format(body="while True: pass"))

    assert ended.end is End.OVERDUE
    assert "in double" in ended.text


def test_a_source_that_changed_is_exported_anew(project: Project) -> None:
    project.export()
    (project.path / "net.py").write_text(MODEL.replace("torch.ops.live.third(", "torch.relu("))

    after = report(project.rerun(None))

    assert operators(after) == ["live.double.default"]
    assert not is_kept(after)


def test_a_file_that_registers_operators_with_torch_is_run_in_a_new_process(project: Project) -> None:
    defines = "import torch\ntorch.library.define('live::new', '(Tensor x) -> Tensor')\n" + REGISTRY
    project.export()
    project.rerun(defines.format(body=""))

    after = report(project.rerun(defines.format(body="pass")))

    assert operators(after) == ["live.third.default"]
    assert not is_kept(after)


def test_fixes_are_asked_for_by_identity(project: Project) -> None:
    before = project.export()
    finding, identity = before.findings[0], identities(before.findings)[0]

    assert project.worker.fixes(identity, project.hear) == finding
    with pytest.raises(Refused, match="no such finding"):
        project.worker.fixes("0" * 32)


def test_what_the_user_prints_is_in_a_file(project: Project) -> None:
    size = project.worker.output.stat().st_size if project.worker.output.exists() else 0

    project.export()

    assert "building\n" in project.worker.output.read_text()[size:]


def test_the_next_target_sees_nothing_of_the_one_before(project: Project) -> None:
    (project.path / "net.py").write_text(
        MODEL + "\nimport builtins\nassert not hasattr(builtins, 'been_here')\nbuiltins.been_here = True\n"
    )

    assert len(project.export().findings) == len(project.export().findings) == 2


def test_a_model_that_computes_with_all_threads_runs_in_a_fork(project: Project) -> None:
    wide = "torch.nn.Linear(1024, 1024), (torch.rand(256, 1024),)"
    (project.path / "net.py").write_text(f"import torch\n\ndef build():\n    return {wide}\n")

    assert project.export(seconds=60.0).exported


def test_a_worker_ends_with_its_client(project: Project, start: Callable[..., subprocess.Popen[str]]) -> None:
    program = f"""
import os, signal
from pathlib import Path
from onnxdx_diagnostics.worker_protocol import Job
from onnxdx_tui.live_worker import LiveWorker
worker = LiveWorker(Path({str(project.path / "worker")!r}))
root = {str(project.path)!r}
worker.export(Job(root + "/net.py:build", root, root + "/events.ndjson"))
os.kill(os.getpid(), signal.SIGKILL)
"""
    client = start("-c", program)
    client.communicate(timeout=120)

    replies = (project.path / "worker" / REPLIES).read_bytes().splitlines()
    (pid,) = (reply.pid for reply in map(Reply.read, replies) if reply.said is Said.STARTED)

    assert client.returncode == -signal.SIGKILL
    assert _is_gone(pid)


def _is_gone(pid: int) -> bool:
    """Whether a process ends, within the time that a test may take."""
    import select

    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    readable, _, _ = select.select([descriptor], [], [], 20)
    os.close(descriptor)
    return bool(readable)


@pytest.mark.slow
def test_where_nothing_can_be_forked_one_process_serves_one_target(
    project: Project, start: Callable[..., subprocess.Popen[str]]
) -> None:
    folder = project.path / "worker"
    folder.mkdir()
    job = Job(f"{project.path / 'net.py'}:build", str(project.path), str(project.path / "events.ndjson"))
    project.registry.write_text(REGISTRY.format(body=""))
    requests = [
        Request(1, Ask.EXPORT, job=job),
        Request(2, Ask.RERUN, registry=str(project.registry)),
        Request(3, Ask.EXPORT, job=job),
        Request(4, Ask.BYE),
    ]
    main = """
import sys
from pathlib import Path
from onnxdx import live_worker
live_worker.FORKS = False
live_worker.main(Path(sys.argv[1]))
"""
    replies = LineTail(folder / REPLIES)

    process = start("-c", main, str(folder), stdin=subprocess.PIPE)
    process.communicate("".join(f"{request.line().decode()}\n" for request in requests), timeout=120)

    said = [(reply.id, reply.said) for reply in map(Reply.read, replies)]
    assert said == [(0, Said.READY), (1, Said.STARTED), (1, Said.ANSWERED), (2, Said.ANSWERED), (3, Said.STALE)]
    answer = Answer.load(folder / "2")
    assert answer is not None
    assert answer.report is not None
    assert is_kept(answer.report)


@pytest.mark.slow
def test_what_is_no_request_is_refused(project: Project, start: Callable[..., subprocess.Popen[str]]) -> None:
    folder = project.path / "worker"
    folder.mkdir()
    replies = LineTail(folder / REPLIES)

    process = start("-m", "onnxdx.live_worker", str(folder), stdin=subprocess.PIPE)
    process.communicate(
        '{"version": 7, "id": 1, "ask": "export"}\nnonsense\n{"version": 1, "id": 2, "ask": "rerun"}\n', timeout=120
    )

    said = [(reply.id, reply.said) for reply in map(Reply.read, replies)]
    assert said == [(0, Said.READY), (0, Said.REFUSED), (0, Said.REFUSED), (2, Said.REFUSED)]
    assert process.returncode == 0
