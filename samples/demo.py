"""The demo: a pretrained sentence encoder exported with a proven verdict and used, then a failing model explained."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import onnxruntime
from minilm import folder
from transformers import AutoTokenizer

SAMPLES = Path(__file__).parent
FAILING = "samples/four_operators.py:build"
SENTENCES = ["A cat sleeps on the keyboard.", "The kitten naps on the laptop.", "Interest rates rose again."]


def onnxdx(*arguments: str) -> int:
    """Run the command as a user would, and show it."""
    print(f"\n$ onnxdx {' '.join(arguments)}\n", flush=True)
    return subprocess.run(
        [sys.executable, "-m", "onnxdx_tui.cli", *arguments], cwd=SAMPLES.parent, check=False
    ).returncode


def export_minilm(work: Path) -> bool:
    """Export the sentence encoder; whether it came out proven."""
    run = work / "run"
    onnxdx("export", "samples/minilm.py:build", "-o", str(work / "minilm.onnx"), "--run-dir", str(run))
    return json.loads((run / "run.json").read_text())["verdict"]["outcome"] == "proven"


def use_minilm(model: Path) -> None:
    """Compare sentences with the ONNX file alone, at a batch and a length that the export never saw."""
    tokens = AutoTokenizer.from_pretrained(folder(), local_files_only=True)(
        SENTENCES, padding=True, return_tensors="np"
    )
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    inputs = {each.name: tokens[each.name] for each in session.get_inputs()}
    vectors = session.run(None, inputs)[0]
    print(f"\n{SENTENCES[0]!r} in ONNX Runtime, by cosine:")
    for sentence, vector in zip(SENTENCES[1:], vectors[1:], strict=True):
        print(f"  {vectors[0] @ vector:5.2f}  {sentence!r}")


def main() -> int:
    with tempfile.TemporaryDirectory() as work:
        if not export_minilm(Path(work)):
            return 1
        use_minilm(Path(work) / "minilm.onnx")
    # This one cannot be exported, and that is what it shows.
    return 0 if onnxdx("export", FAILING, "--explain") == 1 else 1


if __name__ == "__main__":
    sys.exit(main())
