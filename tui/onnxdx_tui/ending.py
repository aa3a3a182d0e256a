"""How an export ended: the report that the worker left, or the story up to where the worker was ended."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from onnxdx_diagnostics.dumped_stack import site_of_dump
from onnxdx_diagnostics.finding import Finding, Site
from onnxdx_diagnostics.graphs import Graphs
from onnxdx_diagnostics.report import Outcome, Report
from onnxdx_diagnostics.rules.dx801_time_limit_exceeded import TimeLimitExceeded
from onnxdx_diagnostics.rules.dx802_process_ended import ProcessEnded
from onnxdx_diagnostics.rules.dx901_internal_error import InternalError
from onnxdx_diagnostics.rules.dx902_run_interrupted import RunInterrupted
from onnxdx_diagnostics.worker_protocol import GRAPHS, Answer, Job
from onnxdx_tui.chronicle import Chronicle
from onnxdx_tui.exit_code import ExitCode
from onnxdx_tui.worker_process import End, Ended

_FRAME = re.compile(r'^  File "(.+)", line (\d+), in (.+)$', re.MULTILINE)


@dataclass(frozen=True)
class Ending:
    """How an export ended. `code` is CLEAN where the report decides.

    `unwritten` is the model that could not be saved and why; `failure` is what `--traceback` shows.
    """

    report: Report
    code: ExitCode = ExitCode.CLEAN
    graphs: Graphs | None = None
    unwritten: str = ""
    failure: str = ""


def ending_of(ended: Ended, chronicle: Chronicle, job: Job, folder: Path) -> Ending:
    """What the end of a worker means; `folder` is the one that it shared with us."""
    doing = chronicle.doing
    match ended.end:
        case End.ANSWERED:
            assert ended.answer is not None
            return _answered(ended.answer, chronicle, job, folder)
        case End.STOPPED:
            report = chronicle.report("the run was interrupted", RunInterrupted(Site(), doing))
            failure = ended.answer.traceback if ended.answer else ended.text
            return Ending(report, ExitCode.INTERRUPTED, failure=failure)
        case End.NOT_STARTED:
            return Ending(chronicle.report("onnxdx failed", _no_start(ended.text, doing)), failure=ended.text)
        case End.OVERDUE:
            site = site_of_dump(ended.text, job.root) or chronicle.site
            finding: Finding = TimeLimitExceeded(site, doing, job.seconds)
            reason = f"the time limit ended `{doing}`"
        case End.DIED:
            site = site_of_dump(ended.text, job.root) or chronicle.site
            finding = ProcessEnded(site, doing, ended.by)
            reason = f"the process ended during `{doing}`"
    return Ending(chronicle.report(reason, finding, under_way=Outcome.FAILED), failure=ended.text)


def _answered(answer: Answer, chronicle: Chronicle, job: Job, folder: Path) -> Ending:
    graphs = folder / GRAPHS
    unsaved = [path for path in job.models if path not in answer.saved]
    return Ending(
        report=answer.report or chronicle.report(answer.reason, under_way=Outcome.FAILED),
        code=ExitCode.USAGE if answer.misnamed else ExitCode.CLEAN,
        graphs=Graphs.load(graphs) if graphs.exists() else None,
        unwritten=f"{unsaved[0]}: {answer.unwritten}" if answer.unwritten else "",
        failure=answer.traceback,
    )


def _no_start(trace: str, doing: str) -> InternalError:
    """What kept the worker from starting, as the finding that it is."""
    *_, reason = trace.rstrip().splitlines()
    frames = _FRAME.findall(trace)
    return InternalError(Site(), doing, reason, "{}:{} in {}".format(*frames[-1]) if frames else "")
