"""The command group ``edgeact``: its own commands, and those that other packages add through entry points.

An entry point of group ``edgeact.commands`` is a function (becomes a command) or a `typer.Typer` (becomes a group of
commands, or, as everywhere in typer, a command when it has just one and no callback); its name is the command's. It is
only imported when it is used or listed, and one that cannot be imported says so in one line.
"""

from importlib import metadata
from typing import Any

import typer
from typer.core import TyperGroup

from edgeact.errors import UsageError

ENTRY_POINT_GROUP = "edgeact.commands"
_PANEL = "With extras: the window, training, bundles"  # of the help page


class EdgeactGroup(TyperGroup):
    """Own commands first, then those of other packages by name."""

    def list_commands(self, ctx: Any) -> list[str]:
        """All names; own ones win."""
        own = super().list_commands(ctx)
        return [*own, *(name for name in sorted(_entry_points()) if name not in own)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of this name, or None."""
        own = super().get_command(ctx, cmd_name)
        if own is not None:
            return own
        entry = _entry_points().get(cmd_name)
        if entry is None:
            return None
        command = _load(entry, ctx)
        command.rich_help_panel = _PANEL
        return command


def _entry_points() -> dict[str, metadata.EntryPoint]:
    return {entry.name: entry for entry in metadata.entry_points(group=ENTRY_POINT_GROUP)}


def _load(entry: metadata.EntryPoint, ctx: Any) -> Any:
    try:
        loaded = entry.load()
        return _as_command(entry.name, loaded, ctx)
    except Exception as error:  # noqa: BLE001 - another package's code: whatever is wrong with it stays with it
        return _unavailable(entry, error, ctx)


def _as_command(name: str, loaded: Any, ctx: Any) -> Any:
    # A group of its own with one member, so that typer builds the command in the same way as it does ours.
    parent = typer.Typer(add_completion=False)
    parent.callback()(lambda: None)
    if not isinstance(loaded, typer.Typer):
        parent.command(name)(loaded)
    elif len(loaded.registered_commands) == 1 and not loaded.registered_groups and loaded.registered_callback is None:
        (only,) = loaded.registered_commands
        only.name = name
        parent.registered_commands.append(only)
    else:
        parent.add_typer(loaded, name=name)
    group = typer.main.get_command(parent)
    return group.get_command(ctx, name)  # type: ignore[attr-defined]


def _unavailable(entry: metadata.EntryPoint, error: Exception, ctx: Any) -> Any:
    package = entry.dist.name if entry.dist is not None else entry.value
    reason = " ".join(f"{type(error).__name__}: {error}".split())
    parent = typer.Typer(add_completion=False)
    parent.callback()(lambda: None)

    @parent.command(
        entry.name,
        help=f"Unavailable ({reason}).",
        context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
        add_help_option=False,
    )
    def unavailable() -> None:
        raise UsageError(
            f"command {entry.name!r} of package {package} cannot be loaded ({reason}); install what it needs"
        ) from error

    return typer.main.get_command(parent).get_command(ctx, entry.name)  # type: ignore[attr-defined]
