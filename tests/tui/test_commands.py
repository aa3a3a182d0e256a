"""The table of commands: complete, without clashes, and honest about what does nothing."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from onnxdx_tui.workspace.commands import COMMANDS, Command, Place
from onnxdx_tui.workspace.handlers import HANDLERS
from onnxdx_tui.workspace.opened import open_run, with_graphs
from onnxdx_tui.workspace.state import State
from onnxdx_tui.workspace.telling import help_lines

ACTING = [
    each for each in COMMANDS.values() if each.place is Place.RUN or each.id in ("preview", "apply", "undo", "edit")
]


def test_every_command_has_a_handler_and_the_other_way_round() -> None:
    assert HANDLERS.keys() == COMMANDS.keys()


def test_no_key_means_two_things() -> None:
    keys = Counter(key for command in COMMANDS.values() for key in command.keys)

    assert [key for key, times in keys.items() if times > 1] == []


def test_no_command_needs_a_modifier() -> None:
    assert [each.id for each in COMMANDS.values() if all("+" in key and len(key) > 1 for key in each.keys)] == []


@pytest.mark.parametrize("command", COMMANDS.values(), ids=lambda command: command.id)
def test_every_command_says_what_it_does(command: Command) -> None:
    assert command.title
    assert command.help[0].islower() or not command.help[0].isalpha() or command.help.startswith(("FX", "ONNX"))
    assert not command.help.endswith(".")


def test_without_a_run_what_needs_one_says_so() -> None:
    refused = {each.id: each.refusal(State()) for each in COMMANDS.values()}

    assert refused["open"] == "there is no run yet"
    assert refused["cancel"] == "nothing runs"
    assert refused["rerun"] == "opened from disk, nothing is run; `onnxdx tui TARGET` exports"
    assert refused["quit"] == refused["help"] == ""


def test_a_read_only_app_changes_nothing(failing: Path) -> None:
    state = State(opened=open_run(failing), finding=0, target="model.py:build", read_only=True, applied=1, undone=1)

    refused = {name: COMMANDS[name].refusal(state) for name in ("rerun", "undo", "redo")}

    assert set(refused.values()) == {"read-only: nothing is started", "read-only: nothing is written"}


@pytest.mark.parametrize("command", ACTING, ids=lambda command: command.id)
def test_what_acts_has_a_command_line_that_does_the_same(command: Command, failing: Path) -> None:
    state = State(opened=open_run(failing), finding=1, target="model.py:build")

    twin = command.twin(state)

    assert twin.startswith(("onnxdx ", "$EDITOR ")) or command.id in ("cancel", "compare", "redo")


def test_help_tells_every_command_once_and_the_disabled_ones_last(failing: Path) -> None:
    state = State(opened=with_graphs(open_run(failing)), finding=1)

    lines = help_lines(state, "")

    assert sorted(str(each.key) for each in lines) == sorted(COMMANDS)
    disabled = ["disabled: " in each.text for each in lines]
    assert disabled == sorted(disabled)
    assert any(disabled)
