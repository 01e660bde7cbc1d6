"""Removes recordings, clips and snapshots that are too old, and the oldest ones where the disk gets full."""

import contextlib
import logging
import shutil
import threading
import time
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Literal

from edgeact.daemon.append_file import AppendFile
from edgeact.daemon.config import RecordConfig
from edgeact.daemon.event_record import utc_text
from edgeact.daemon.media_folder import MediaFile, MediaFolder
from edgeact.errors import OutputError
from edgeact.memory import MEGABYTE
from edgeact.sinks.jsonl import json_line
from edgeact.stopping import join_or_leave, named_thread, start_thread

logger = logging.getLogger(__name__)

MANIFEST = "removed.jsonl"
ROUND_SECONDS = 30.0
_DAY = 86_400.0
_STOP_SECONDS = 2.0
_MANIFEST_BYTES, _MANIFEST_FILES = 16 * MEGABYTE, 4


class Retention:
    """Removes old media every `ROUND_SECONDS`, in a thread of its own, and lists them in ``removed.jsonl``.

    Args:
        folder: Of the media.
        config: The settings as they are now.
        free_bytes: Tells the room on the disk; None asks the system.
    """

    def __init__(
        self, folder: MediaFolder, config: Callable[[], RecordConfig], free_bytes: Callable[[], int] | None = None
    ) -> None:
        self._folder, self._config = folder, config
        self._free_bytes = free_bytes or (lambda: shutil.disk_usage(folder.state).free)
        self._stop = threading.Event()
        self._thread = named_thread("retention", self._run)

    def start(self) -> None:
        """Start the thread.

        Raises:
            PipelineError: The system gives no more threads.
        """
        start_thread(self._thread)

    def stop(self) -> None:
        """Stop the thread, and wait for it at most `_STOP_SECONDS`."""
        self._stop.set()
        join_or_leave([self._thread], time.monotonic() + _STOP_SECONDS)

    def go_round(self) -> int:
        """Remove files that are too old, then the oldest ones until enough is free; never a file that is being written.

        Returns:
            How many files were removed.
        """
        config, now = self._config(), time.time()
        files = sorted(
            (file for file in self._folder.files() if not self._folder.is_written(file.path)),
            key=lambda file: (file.modified, file.path),
        )
        count, needed = 0, round(config.free_gb * 1e9)
        for file in files:
            if self._stop.is_set():
                break
            if now - file.modified > config.keep_days * _DAY:
                count += self._remove(file, "age")
            elif self._free_bytes() < needed:
                count += self._remove(file, "space")
            else:
                break
        return count

    def _remove(self, file: MediaFile, reason: Literal["age", "space"]) -> int:
        try:
            file.path.unlink()
        except OSError as error:
            logger.error("%s cannot be removed (%s)", file.path, error.strerror)
            return 0
        self._note(file, reason)
        if file.path.parent.parent.parent.name == "recordings":  # the folder of a day
            with contextlib.suppress(OSError):  # there are more files in it
                file.path.parent.rmdir()
        return 1

    def _note(self, file: MediaFile, reason: str) -> None:
        line = {
            "path": self._folder.name_of(file.path),
            "bytes": file.size,
            "modified": utc_text(datetime.fromtimestamp(file.modified, timezone.utc)),
            "removed": utc_text(datetime.now(timezone.utc)),
            "reason": reason,
        }
        try:
            manifest = AppendFile(self._folder.state / MANIFEST, largest=_MANIFEST_BYTES, keep=_MANIFEST_FILES)
            try:
                manifest.write(json_line(line))
            finally:
                manifest.close()
        except OutputError as error:
            logger.error("%s; removed was %s", error, line["path"])

    def _run(self) -> None:
        while not self._stop.wait(ROUND_SECONDS):
            try:
                self.go_round()
            except Exception:
                logger.exception("old recordings cannot be removed")
