"""The project a target belongs to: its root, and the settings in its pyproject.toml."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_MARKERS = ("pyproject.toml", ".git")


def root_of(target: str) -> Path:
    """The nearest folder above the target's file, or above here, with a pyproject.toml or a .git.

    Without one it is the current folder, or that of the file when it lies elsewhere. A file that is a symbolic link
    belongs to the project that the link is in.
    """
    here = Path.cwd()
    file = next((Path(part) for part in (target.rpartition(":")[0], target) if part and Path(part).is_file()), None)
    start = file.parent.resolve() if file else here
    for folder in (start, *start.parents):
        if any((folder / marker).exists() for marker in _MARKERS):
            return folder
    return here if here in (start, *start.parents) else start


def settings(root: Path, command: click.Command, context: click.Context) -> Mapping[str, Any]:
    """Defaults for the options of `command` from `[tool.onnxdx]`, by parameter name.

    A key is the option's long name ("fail-on"); paths are relative to the pyproject.toml. Raises UsageError.
    """
    path = root / "pyproject.toml"
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8")).get("tool", {}).get("onnxdx", {})
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise click.UsageError(f"{path} cannot be read: {error}", context) from None
    options = {_key(option): option for option in command.params if isinstance(option, click.Option)}
    defaults: dict[str, Any] = {}
    for key, value in table.items():
        option = options.get(key)
        if option is None and _is_of_another_command(key, context):
            continue
        if option is None or option.name is None:
            near = difflib.get_close_matches(key, options, 3)
            hint = f" Did you mean {', '.join(near)}?" if near else ""
            raise click.UsageError(f"[tool.onnxdx] in {path} has an unknown key {key!r}.{hint}", context)
        defaults[option.name] = _checked(option, value, path, context)
    return defaults


def _is_of_another_command(key: str, context: click.Context) -> bool:
    """Whether a setting is an option of another subcommand: one table has the settings of all."""
    group = context.find_root().command
    if not isinstance(group, click.Group):
        return False
    commands = (group.get_command(context, name) for name in group.list_commands(context))
    return any(
        isinstance(option, click.Option) and _key(option) == key for each in commands if each for option in each.params
    )


def _key(option: click.Option) -> str:
    return next((name[2:] for name in option.opts if name.startswith("--")), option.name or "")


def _checked(option: click.Option, value: Any, path: Path, context: click.Context) -> Any:
    if option.multiple and isinstance(value, str):
        value = [value]
    if option.is_flag and not isinstance(value, bool):
        raise click.UsageError(f"[tool.onnxdx] {_key(option)} in {path} is to be true or false.", context)
    if isinstance(option.type, click.Path) and not option.multiple:
        if not isinstance(value, str):
            raise click.UsageError(f"[tool.onnxdx] {_key(option)} in {path} is to be a path.", context)
        return path.parent / value
    try:
        option.type_cast_value(context, value)
    except click.BadParameter as error:
        raise click.UsageError(f"[tool.onnxdx] {_key(option)} in {path}: {error.message}", context) from None
    return value
