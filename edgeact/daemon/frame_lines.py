"""Everything about every frame of a camera as JSON lines, for as long as the daemon runs."""

import json
import logging
import time
from pathlib import Path
from typing import Any

from edgeact.bundle.load import Bundle
from edgeact.capture.base import SourceInfo
from edgeact.config import PipelineConfig
from edgeact.daemon.append_file import AppendFile
from edgeact.errors import OutputError
from edgeact.sinks.base import SinkInput
from edgeact.sinks.jsonl import frame_record, header_record, json_line, writes_maps
from edgeact.types import Event, Observation, UInt8

logger = logging.getLogger(__name__)

_HEADER_BYTES = 2**16
_SECONDS_BETWEEN_COMPLAINTS = 60.0


class FrameLines:
    """A line a frame after a header in each file, as `edgeact.sinks.jsonl` has them; frames that there is no room for
    are lost and counted.

    Args:
        path: The file; the camera's name is in it.
        info: The source.
        bundle: What the results come from.
        config: How the pipeline works.
        largest: Bytes of a file.
        keep: Full files that are kept.

    Attributes:
        lost: Frames that could not be written.

    Raises:
        OutputError: The file cannot be opened.
    """

    def __init__(
        self, path: Path, *, info: SourceInfo, bundle: Bundle, config: PipelineConfig, largest: int, keep: int
    ) -> None:
        self.lost = 0
        self._plan, self._writes_maps = bundle.plan, writes_maps(config)
        self._complained = float("-inf")
        header = header_record(info, bundle, config, every=1)
        continues = not path.exists() or _comparable(_first_line(path)) == _comparable(header)
        self._file = AppendFile(path, largest=largest, keep=keep, header=json_line(header))
        if not continues:
            self._file.rotate()  # what comes now is not what the old header says

    @property
    def takes(self) -> frozenset[SinkInput]:
        """Observations."""
        return frozenset({"observations"})

    def write(self, observation: Observation, picture: UInt8 | None) -> None:  # noqa: ARG002  one interface for all sinks
        """Write one frame, or lose it where the disk is full."""
        try:
            self._file.write(json_line(frame_record(observation, self._plan, maps=self._writes_maps)))
        except OutputError as error:
            self.lost += 1
            now = time.monotonic()
            if now - self._complained >= _SECONDS_BETWEEN_COMPLAINTS:
                self._complained = now
                logger.error("%s (%d frames lost so far)", error, self.lost)

    def write_event(self, event: Event) -> None:
        """Do nothing: events have a file of their own."""

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def abort(self) -> None:
        """Let go of the file; what it has stays."""
        self._file.close()


def _first_line(path: Path) -> Any:
    try:
        with path.open("rb") as file:
            return json.loads(file.readline(_HEADER_BYTES))
    except (OSError, ValueError):
        return None


def _comparable(header: Any) -> Any:
    """A header without what differs from start to start, as a file gives it back."""
    if not isinstance(header, dict):
        return None
    return json.loads(json.dumps({key: value for key, value in header.items() if key != "created"}))
