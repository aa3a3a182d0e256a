"""A project with one model file, and reports of every kind of export about it."""

from __future__ import annotations

import math
import typing
from pathlib import Path

import pytest

from onnxdx_diagnostics import catalog, source
from onnxdx_diagnostics.finding import Finding, Frame, Location, Site
from onnxdx_diagnostics.report import Outcome, PassRecord, Report, Trial, Verdict, VerdictOutcome

MODEL = """\
import torch
import mylib


class Attention(torch.nn.Module):
    def forward(self, x):
        scores = mylib.twist(x) @ x.transpose(-1, -2)
        if scores.sum() > 0:
            return scores.softmax(-1)
        größe = torch.special.i1("日本語", scores.mean(dim=(0, 1)))  # ⊗
\treturn größe


class Net(torch.nn.Module):
    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return torch.fft.fft(
            x,
            dim=-1,
        )


def build():
    return Net(), (torch.rand(2, 3),)
""".replace("\treturn", "        return")

PASSES = ("capture", "decompose", "dispatch", "functions", "translate", "optimize", "validate", "verify")
ENVIRONMENT = {"onnxdx": "0.1.0", "torch": "2.13.0", "onnx": "1.20.0"}
PROVEN = Verdict(
    VerdictOutcome.PROVEN,
    trials=(
        Trial({}, VerdictOutcome.PROVEN, 2.4e-7, 1.1e-6),
        Trial({"batch": 3, "sequence": 7}, VerdictOutcome.PROVEN, 4.8e-7, 2.0e-6),
    ),
)
DIFFERS = Verdict(
    VerdictOutcome.DIFFERS,
    "output 0 differs",
    (
        Trial({}, VerdictOutcome.PROVEN, 1e-7, 1e-6),
        Trial({"batch": 5}, VerdictOutcome.DIFFERS, math.inf, math.inf, "output 0 has NaN where eager has none"),
        Trial({"batch": 1}, VerdictOutcome.NOT_RUN, reason="eager fails at this size"),
    ),
)
SAMPLE_FACTS = {str: "alpha", int: 3, float: 0.5, bool: True}


def passes(*outcomes: Outcome) -> tuple[PassRecord, ...]:
    """Records of the first passes as given, of the others as passed."""
    rest = [Outcome.PASSED] * (len(PASSES) - len(outcomes))
    return tuple(
        PassRecord(name, outcome, 0.25 * number, {"nodes": number * 10})
        for number, (name, outcome) in enumerate(zip(PASSES, [*outcomes, *rest], strict=True), 1)
    )


def sample(rule: type[Finding], site: Site) -> Finding:
    """A finding of `rule` with made-up facts of the right types."""
    hints = typing.get_type_hints(rule)
    return rule(site=site, **{name: _fact(hints[name]) for name in rule.fact_names()})


def _fact(kind: typing.Any) -> object:
    if typing.get_origin(kind) is tuple:
        return ("beta", "gamma")
    if typing.get_origin(kind) is typing.Literal:
        return typing.get_args(kind)[0]
    return SAMPLE_FACTS[kind if kind in SAMPLE_FACTS else typing.get_args(kind)[0]]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with `net.py`."""
    root = tmp_path / "project"
    root.mkdir()
    (root / "net.py").write_text(MODEL, encoding="utf-8")
    return root


def site(project: Path, line: int, hint: str, module: str = "layers.0.attn", **more: typing.Any) -> Site:
    """A site in `net.py` with a stack through a torch frame."""
    location = source.region(str(project / "net.py"), line, hint)
    stack = (
        Frame(source.region(str(project / "net.py"), 17, ""), "forward"),
        Frame(Location("/usr/lib/python3.11/site-packages/torch/nn/modules/module.py", 1779), "_call_impl", user=False),
        Frame(location, "forward"),
    )
    facts = {"module": module, "module_class": "Attention", "fx_node": f"{hint}_1", "stack": stack, **more}
    return Site(location=location, **facts)


@pytest.fixture
def reports(project: Path) -> dict[str, Report]:
    """One report of every kind of ending, by name."""
    unsupported = catalog.rule("DX301")
    layers = tuple(f"layers.{number}.attn" for number in range(24))
    twist = unsupported(
        site(
            project,
            7,
            "mylib.twist",
            occurrences=24,
            modules=layers,
            op="mylib.twist.default",
            values=("x: f32[s0, 4]",),
        ),
        "mylib.twist",
        ("aten.flip",),
    )
    bessel = unsupported(site(project, 10, "special_i1", op="aten.special_i1.default"), "aten.special_i1")
    fft = unsupported(site(project, 18, "fft", module="", op="aten.fft_fft.default"), "aten.fft_fft")
    lost = unsupported(Site(op="aten.lost.default"), "aten.lost")
    pseudo = unsupported(Site(Location("<eval_with_key>.12", 3)), "aten.pseudo")
    hostile = unsupported(
        site(project, 8, "if", module="\x1b]0;x\x07[red]", op="[click](http://x)", values=("`}{0}: f32[8](strided)",)),
        "evil\n\u202e[bold]{0}`'](y)\ud800",
    )
    helper = project.parent / "elsewhere" / "helpers.py"
    helper.parent.mkdir(exist_ok=True)
    helper.write_text(MODEL, encoding="utf-8")
    caller = Frame(source.region(str(project / "net.py"), 17, "layer"), "forward")
    outside = source.region(str(helper), 7, "mylib.twist")
    beside = unsupported(
        Site(outside, (caller, Frame(outside, "forward")), op="mylib.twist.default"), "mylib.twist", ()
    )
    library = Location(
        "/usr/lib/python3.11/site-packages/torchvision/ops/boxes.py", 40, 12, 40, 20, "    keep = nms(boxes)"
    )
    installed = unsupported(
        Site(library, (caller, Frame(library, "nms", user=False)), op="torchvision.nms.default"), "torchvision.nms", ()
    )
    called = sample(catalog.rule("DX105"), Site(source.region(str(project / "net.py"), 25, "Net")))
    foreign = project / "模型 [größe]" / "é#%.py"
    foreign.parent.mkdir(exist_ok=True)
    foreign.write_text(MODEL, encoding="utf-8")
    abroad = unsupported(
        Site(source.region(str(foreign), 7, "mylib.twist"), op="mylib.twist.default"), "mylib.twist", ()
    )
    interrupted = catalog.rule("DX902")(Site(), "capture")
    crash = [sample(rule, site(project, 7, "twist")) for rule in catalog.all_rules() if rule.id == "DX901"]
    every = [sample(rule, site(project, 7, "twist")) for rule in catalog.all_rules()]

    def report(
        findings: typing.Sequence[Finding], *outcomes: Outcome, target: str = "net.py:build", **more: typing.Any
    ) -> Report:
        common = {"root": str(project), "environment": ENVIRONMENT, "started": "2026-01-02T03:04:05Z", "seconds": 9.0}
        exported = more.pop("exported", not findings)
        return Report(target, exported, tuple(findings), passes(*outcomes), **{**common, **more})

    passed, failed, not_run = Outcome.PASSED, Outcome.FAILED, Outcome.NOT_RUN
    return {
        "exported": report([], verdict=PROVEN),
        "differs": report([], verdict=DIFFERS, exported=True),
        "unsupported": report([twist, bessel, fft], passed, passed, failed, passed, passed, passed, passed, not_run),
        "unlocated": report([lost], passed, passed, failed, target="Net"),
        "fallback": report([lost, pseudo], passed, passed, failed),
        "hostile": report([hostile], passed, passed, failed, target="we[i]rd \x1b[31m target"),
        "crash": report(crash, failed, *[not_run] * 7),
        "every-rule": report(every, Outcome.RECOVERED, passed, failed),
        "outside": report([beside], passed, passed, failed),
        "installed": report([installed], passed, passed, failed),
        "call-site": report([called], failed),
        "abroad": report([abroad], passed, passed, failed, target="模型 [größe]/é#%.py:build"),
        "interrupted": report([twist, interrupted], failed, *[not_run] * 7),
        "bare": Report("", exported=False),
    }


REPORT_NAMES = (
    "exported",
    "differs",
    "unsupported",
    "unlocated",
    "fallback",
    "hostile",
    "crash",
    "every-rule",
    "outside",
    "installed",
    "call-site",
    "abroad",
    "interrupted",
    "bare",
)


@pytest.fixture(params=REPORT_NAMES)
def report_name(request: pytest.FixtureRequest) -> str:
    """The name of each report in turn."""
    return str(request.param)
