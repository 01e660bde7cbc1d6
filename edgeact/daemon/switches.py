"""Switches of a camera that may be thrown from outside while the daemon runs, and the commands that throw them.

They hold until the daemon ends; the configuration says how a camera begins.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from edgeact.daemon.camera import Camera

SwitchName: TypeAlias = Literal["detection", "recording", "privacy"]
SWITCHES: tuple[SwitchName, ...] = get_args(SwitchName)

_ON_OFF: Mapping[str, bool] = {"on": True, "true": True, "1": True, "off": False, "false": False, "0": False}
_LONGEST_VALUE = 32  # characters; every value of every switch is shorter


@dataclass(frozen=True, slots=True)
class Command:
    """A switch of a camera is to be thrown: names and value are the words of others, and only compared with ours."""

    camera: str
    switch: str
    value: str


def throw_switch(cameras: Mapping[str, Camera], command: Command) -> str | None:
    """Do what a command asks for.

    Args:
        cameras: Those that run, by their names.
        command: What is asked for.

    Returns:
        Why it is not done, in a few words; None where it is.
    """
    camera = cameras.get(command.camera)
    if camera is None:
        return "there is no such camera"
    if command.switch not in SWITCHES:
        return f"there is no such switch; there are {', '.join(SWITCHES)}"
    if len(command.value) > _LONGEST_VALUE:
        return "the value is too long"
    if command.switch != "detection":
        return "not configured"
    is_on = _ON_OFF.get(command.value.strip().lower())
    if is_on is None:
        return "the value is neither ON nor OFF"
    camera.detect(is_on)
    return None
