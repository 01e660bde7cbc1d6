"""What was switched over MQTT, kept in the folder of state, so that it holds after a new start and a reload, too.

Each switch is kept with what the file said of it then: where the file says something else later, the file is newer, and
the switch is forgotten.
"""

import json
import logging
from dataclasses import asdict, dataclass
from pathlib import Path

from edgeact import atomic
from edgeact.daemon.config import DaemonConfig
from edgeact.daemon.switches import SWITCHES, Command, SwitchName, check_command, is_on, switched
from edgeact.errors import OutputError, UsageError
from edgeact.regular_file import read_regular

logger = logging.getLogger(__name__)

FORMAT = 1
_LARGEST = 2**20  # bytes; three switches of a camera are 300


@dataclass(frozen=True, slots=True)
class _Kept:
    """A switch that was thrown: which one, to what, and what the file said then."""

    camera: str
    switch: str
    value: str
    file: str


class KeptSwitches:
    """The switches that differ from what the file says.

    A file of switches that is damaged is set aside with a logged error: the configuration file counts then.

    Args:
        path: Where they are kept; its folder exists.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._kept = {(one.camera, one.switch): one for one in self._read()}

    def applied(self, file: DaemonConfig) -> DaemonConfig:
        """A copy of a configuration as its cameras were switched; what the file has changed since is forgotten.

        Args:
            file: As the file has it.
        """
        config, kept = file, {}
        for key, one in self._kept.items():
            try:
                command = Command(one.camera, one.switch, one.value)
                check_command(file, command)
                if _said(file, one.camera, one.switch) != one.file:
                    raise UsageError("the file says something else now")
                config = config if one.switch == "detection" else switched(config, file, command)
            except UsageError as error:
                logger.warning("%s: %s is not %s any more: %s", one.camera, one.switch, one.value, error)
                continue
            kept[key] = one
        self._replace(kept)
        return config

    def detects(self, camera: str) -> bool:
        """Whether detection of a camera is on: it is where nobody has switched it off."""
        one = self._kept.get((camera, "detection"))
        return one is None or is_on(Command(camera, one.switch, one.value))

    def keep(self, file: DaemonConfig, camera: str, switch: SwitchName, value: str) -> None:
        """Keep what a switch says now; where that is what the file says, nothing need be kept.

        Args:
            file: As the file has it.
            camera: The camera's name.
            switch: One of its switches.
            value: ``on`` or ``off`` of detection, otherwise a mode.
        """
        said = _said(file, camera, switch)
        others = {key: one for key, one in self._kept.items() if key != (camera, switch)}
        self._replace(others if value == said else {**others, (camera, switch): _Kept(camera, switch, value, said)})

    def _replace(self, kept: dict[tuple[str, str], _Kept]) -> None:
        if kept == self._kept:
            return
        self._kept = kept
        record = {"format": FORMAT, "switches": [asdict(one) for one in kept.values()]}
        try:
            atomic.write_text(self._path, json.dumps(record, indent=1) + "\n")
        except OutputError as error:
            logger.error("%s; what was switched holds until the daemon ends", error)

    def _read(self) -> list[_Kept]:
        try:
            record = json.loads(read_regular(self._path, limit=_LARGEST))
            if record["format"] != FORMAT:
                raise ValueError(f"its format is {record['format']!r}, not {FORMAT}")
            found = [_Kept(**one) for one in record["switches"]]
            if not all(one.switch in SWITCHES and isinstance(one.value, str) for one in found):
                raise ValueError("it names switches that there are not")
            for one in found:
                if one.switch == "detection":
                    is_on(Command(one.camera, one.switch, one.value))
        except FileNotFoundError:
            return []
        except (OSError, ValueError, TypeError, KeyError, UsageError) as error:
            aside = self._path.with_name(f"{self._path.name}.damaged")
            logger.error("%s cannot be read (%s); it is set aside as %s, and the file counts", self._path, error, aside)
            try:
                self._path.replace(aside)
            except OSError as again:
                logger.error("%s cannot be set aside (%s)", self._path, again.strerror)
            return []
        return found


def _said(file: DaemonConfig, camera: str, switch: str) -> str:
    """What a file says of a switch."""
    if switch == "detection":
        return "on"
    return file.record_mode(camera) if switch == "recording" else file.cameras[camera].privacy
