"""The CI files of samples/ci do what docs/code-scanning.md says of them: their own commands are run."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import workflow
import yaml

CI = Path(__file__).parents[2] / "samples" / "ci"
SAMPLES = CI.parent
DOCUMENT = Path(__file__).parents[2] / "docs" / "code-scanning.md"
GITHUB = ("onnxdx.yml", "annotations.yml")


@pytest.fixture
def ran(tmp_path: Path) -> Callable[[str, str], workflow.Ran]:
    """Run a CI file on a sample, in a project that holds the samples."""

    def run(name: str, sample: str) -> workflow.Ran:
        (tmp_path / "pyproject.toml").write_text("")
        (tmp_path / "samples").mkdir()
        shutil.copy(SAMPLES / f"{sample}.py", tmp_path / "samples")
        return workflow.run(CI / name, f"samples/{sample}.py:build", tmp_path)

    return run


def test_findings_are_uploaded_although_the_export_fails(
    ran: Callable[[str, str], workflow.Ran], tmp_path: Path
) -> None:
    done = ran("onnxdx.yml", "four_operators")

    upload = done.actions[-1]
    (run,) = json.loads((tmp_path / upload.inputs["sarif_file"]).read_text())["runs"]
    assert done.codes == (1,)
    assert upload.action.startswith("github/codeql-action/upload-sarif@")
    assert run["automationDetails"]["id"] == f"{upload.inputs['category']}/"
    assert [result["ruleId"] for result in run["results"]] == ["DX301", "DX301", "DX203", "DX301"]
    assert {result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for result in run["results"]} == {
        "samples/four_operators.py"
    }
    assert "= more: onnxdx explain DX301" in done.output


def test_an_export_without_findings_closes_the_alerts(ran: Callable[[str, str], workflow.Ran], tmp_path: Path) -> None:
    done = ran("onnxdx.yml", "cnn")

    (run,) = json.loads((tmp_path / done.actions[-1].inputs["sarif_file"]).read_text())["runs"]
    assert done.codes == (0,)
    assert run["results"] == []
    assert run["invocations"][0]["executionSuccessful"] is True


def test_annotations_stand_on_the_lines(ran: Callable[[str, str], workflow.Ran]) -> None:
    done = ran("annotations.yml", "decomposition")

    assert done.codes == (1,)
    assert re.search(r"^::error file=samples/decomposition.py,line=\d+,col=\d+,.*title=DX203", done.output, re.M)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["gitlab.yml", "azure-pipelines.yml"])
def test_other_hosts_get_the_same_log(name: str, ran: Callable[[str, str], workflow.Ran], tmp_path: Path) -> None:
    done = ran(name, "decomposition")

    (log,) = [*tmp_path.glob("*.sarif"), *tmp_path.glob("temp/sarif/*.sarif")]
    (run,) = json.loads(log.read_text())["runs"]
    assert max(done.codes) == 1
    assert [result["ruleId"] for result in run["results"]] == ["DX203"]
    # GitLab drops a result without place or rule, and the whole report when that happens to half of them.
    assert all(result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for result in run["results"])
    assert done.actions[-1].inputs.get("sarif", log.name) == log.name


@pytest.mark.parametrize("name", GITHUB)
def test_a_job_gets_the_permissions_that_it_needs_and_no_others(name: str) -> None:
    plain = yaml.safe_load((CI / name).read_text())
    ((_, job),) = plain["jobs"].items()

    uploads = {"contents": "read", "security-events": "write", "actions": "read"}
    assert plain["permissions"] == {"contents": "read"}
    assert job.get("permissions") == (uploads if name == "onnxdx.yml" else None)
    assert all(re.search(r"@v\d+$", step["uses"]) for step in job["steps"] if "uses" in step)


def test_the_target_reaches_the_shell_as_a_variable_only() -> None:
    for name in GITHUB:
        ((_, job),) = yaml.safe_load((CI / name).read_text())["jobs"].items()

        assert all("${{" not in step.get("run", "") for step in job["steps"])


def test_the_document_shows_the_files_as_they_are() -> None:
    shown = re.findall(r"```yaml\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    files = [path.read_text(encoding="utf-8") for path in CI.glob("*.yml")]

    assert shown
    for block in shown:
        assert any(block.strip() in file for file in files), block


@pytest.mark.slow
def test_code_quality_of_gitlab_takes_the_converted_log(
    ran: Callable[[str, str], workflow.Ran], tmp_path: Path
) -> None:
    if shutil.which("sarif") is None:
        pytest.skip("sarif-tools is not installed")
    ran("gitlab.yml", "decomposition")

    subprocess.run(
        ["sarif", "codeclimate", "-o", "gl-code-quality-report.json", "gl-onnxdx.sarif"], cwd=tmp_path, check=True
    )

    (issue,) = json.loads((tmp_path / "gl-code-quality-report.json").read_text())
    assert issue["location"]["path"] == "samples/decomposition.py"
    assert issue["fingerprint"]
