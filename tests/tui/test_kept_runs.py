"""The runs of a project: numbered, the newest kept, those that are marked or looked at too."""

from __future__ import annotations

from pathlib import Path

import pytest

from onnxdx_tui.workspace.kept_runs import KEEP, NEWEST, RUNS, earlier, forget_old, next_folder


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """A project with three runs more than are kept."""
    for _ in range(NEWEST + 3):
        _, folder = next_folder(tmp_path)
        (folder / "run.json").write_text("{}")
    return tmp_path


def numbers(root: Path) -> list[int]:
    return [int(folder.name) for folder in earlier(root)]


def test_the_newest_runs_are_kept_and_older_ones_go(many: Path) -> None:
    forget_old(many)

    assert numbers(many) == list(range(NEWEST + 3, 3, -1))


def test_a_run_that_is_marked_or_on_the_screen_stays(many: Path) -> None:
    (many / RUNS / "0001" / KEEP).touch()

    forget_old(many, but=[many / RUNS / "0002"])

    assert numbers(many)[NEWEST:] == [2, 1]


def test_what_is_no_run_is_left_alone(many: Path) -> None:
    (many / RUNS / "notes").mkdir()
    (many / RUNS / "0000").symlink_to(many)

    forget_old(many)

    assert (many / RUNS / "notes").is_dir()
    assert (many / RUNS).is_dir()


def test_the_next_number_is_one_more_than_any_before(many: Path) -> None:
    (many / RUNS / "9999").mkdir()
    next_folder(many)

    number, folder = next_folder(many)

    assert (number, folder.name) == (10001, "10001")
