"""Pictures of events, as JPEG: with what is seen drawn into them, and without."""

import logging

import cv2
import numpy as np

from edgeact.atomic import partial_path, prepare_partial, publish, remove_partials
from edgeact.bundle.plan import Plan
from edgeact.daemon.config import SnapshotsConfig
from edgeact.daemon.media_folder import MediaFolder
from edgeact.drawing.drawer import make_drawer
from edgeact.errors import OutputError
from edgeact.types import Observation, UInt8

logger = logging.getLogger(__name__)


def encode_jpeg(image: UInt8, *, quality: int) -> bytes:
    """A picture ``(H, W, 3)`` uint8 RGB as JPEG; quality from 1 to 100."""
    found, data = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not found:
        raise OutputError(f"a picture of {image.shape[1]}×{image.shape[0]} cannot be written as JPEG; make it smaller")
    return bytes(np.asarray(data).tobytes())


class Snapshots:
    """Writes the pictures of one camera's events.

    Args:
        folder: Where they go.
        plan: Of the bundle that the observations come from.
        config: Which ones are written.
    """

    def __init__(self, folder: MediaFolder, plan: Plan, config: SnapshotsConfig) -> None:
        self._folder, self._plan, self._config = folder, plan, config

    def take(self, event: str, observation: Observation) -> str | None:
        """Write the pictures of an event.

        Args:
            event: Its identity.
            observation: With a picture that may be shown.

        Returns:
            The path of the drawn one, or of the other where none is drawn, relative to the folder of state; None where
            the disk takes nothing, which is logged.
        """
        name = None
        try:
            if self._config.plain:
                name = self._write(event, observation.frame.image, is_plain=True)
            if self._config.overlay:
                name = self._write(event, make_drawer(self._plan)(observation), is_plain=False)
        except OutputError as error:
            logger.error("%s: %s", observation.frame.source, error)
        return name

    def _write(self, event: str, image: UInt8, *, is_plain: bool) -> str:
        path = self._folder.snapshot(event, is_plain=is_plain)
        data = encode_jpeg(image, quality=self._config.quality)
        self._folder.begin(path)
        try:
            prepare_partial(path)
            try:
                partial_path(path).write_bytes(data)
            except OSError as error:
                remove_partials(path)
                raise OutputError(f"{path} cannot be written ({error.strerror}); free some space") from error
            publish(path)
        finally:
            self._folder.end(path)
        return self._folder.name_of(path)
