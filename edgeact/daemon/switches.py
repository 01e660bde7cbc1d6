"""Switches of a camera that can be changed over MQTT while the daemon runs, and the commands that change them.

``detection`` keeps the camera connected; ``recording`` and ``privacy`` are another configuration of the camera, which
begins anew with it. `edgeact.daemon.kept_switches` keeps them.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from edgeact.daemon.config import DaemonConfig, RecordMode
from edgeact.errors import UsageError
from edgeact.privacy.areas import PrivacyMode

SwitchName: TypeAlias = Literal["detection", "recording", "privacy"]
SWITCHES: tuple[SwitchName, ...] = get_args(SwitchName)
RECORD_MODES: tuple[RecordMode, ...] = get_args(RecordMode)
PRIVACY_MODES: tuple[PrivacyMode, ...] = get_args(PrivacyMode)  # each hides more than the one before

_ON, _OFF = frozenset({"on", "true", "1"}), frozenset({"off", "false", "0"})
_LONGEST_VALUE = 32  # characters; every value of every switch is shorter


@dataclass(frozen=True, slots=True)
class Command:
    """A request to change a switch of a camera. All its texts are untrusted, and only compared with known ones."""

    camera: str
    switch: str
    value: str


def check_command(config: DaemonConfig, command: Command) -> None:
    """Refuse a command for an unknown camera or switch.

    Raises:
        UsageError: There is no such camera or switch.
    """
    if command.camera not in config.enabled_cameras:
        raise UsageError("there is no such camera")
    if command.switch not in SWITCHES:
        raise UsageError(f"there is no such switch; there are {', '.join(SWITCHES)}")
    if len(command.value) > _LONGEST_VALUE:
        raise UsageError("the value is too long")


def is_on(command: Command) -> bool:
    """Whether the value of a command is ON.

    Raises:
        UsageError: It says neither ON nor OFF.
    """
    value = _plain(command)
    if value not in _ON | _OFF:
        raise UsageError("the value is neither ON nor OFF")
    return value in _ON


def switched(config: DaemonConfig, file: DaemonConfig, command: Command) -> DaemonConfig:
    """A copy of the configuration with another recording or privacy mode of a camera.

    Args:
        config: In force.
        file: As the file has it: from outside people can be hidden more than it says, but not less.
        command: For a camera that there is.

    Raises:
        UsageError: Its value cannot be had.
    """
    if command.switch == "recording":
        return _with(config, command.camera, record=_record_mode(file, command))
    return _with(config, command.camera, privacy=_privacy_mode(file, command))


def privacy_modes(file: DaemonConfig, camera: str) -> tuple[PrivacyMode, ...]:
    """The privacy modes that a camera may be switched to: the mode of its file, and those that hide more.

    Args:
        file: As the file has it.
        camera: Its name.
    """
    return PRIVACY_MODES[PRIVACY_MODES.index(file.cameras[camera].privacy) :]


def _record_mode(file: DaemonConfig, command: Command) -> RecordMode:
    if file.record is None:
        raise UsageError("not configured: the file has no section [record]")
    value = _plain(command)
    for mode in RECORD_MODES:
        if value == mode:
            return mode
    if not is_on(command):
        return "off"
    usual = file.record_mode(command.camera)
    return "events" if usual == "off" else usual


def _privacy_mode(file: DaemonConfig, command: Command) -> PrivacyMode:
    value, modes = _plain(command), privacy_modes(file, command.camera)
    for mode in modes:
        if value == mode:
            return mode
    raise UsageError(f"the value is none of {', '.join(modes)}")


def _with(
    config: DaemonConfig, camera: str, *, record: RecordMode | None = None, privacy: PrivacyMode | None = None
) -> DaemonConfig:
    values = {"record": record} if record is not None else {"privacy": privacy}
    changed = config.cameras[camera].model_copy(update=values)
    return config.model_copy(update={"cameras": {**config.cameras, camera: changed}})


def _plain(command: Command) -> str:
    return command.value.strip().lower()
