"""Read single frames of a clip, and write them as picture files."""

from collections.abc import Collection, Iterator
from pathlib import Path

import cv2
import numpy as np

from edgeact.atomic import prepare_partial, publish
from edgeact.capture.open import open_source
from edgeact.errors import OutputError


def frames_at(clip: Path, wanted: Collection[int]) -> Iterator[tuple[int, np.ndarray]]:
    """Yield the wanted frames of a clip in order, each as its number and ``(H, W, 3)`` uint8 RGB. Decoding ends with
    the last of them.

    Args:
        clip: Video or folder of pictures.
        wanted: Numbers of frames; those that the clip does not have are left out.

    Raises:
        SourceNotFoundError, SourceFormatError: The clip cannot be read.
    """
    if not wanted:
        return
    last = max(wanted)
    with open_source(clip) as source:
        for frame in source.frames():
            if frame.index in wanted:
                yield frame.index, frame.image
            if frame.index >= last:
                return


def write_picture(path: Path, image: np.ndarray) -> None:
    """Write an image ``(H, W, 3)`` uint8 RGB as PNG, under a temporary name first.

    Raises:
        OutputError: It cannot be written.
    """
    done, content = cv2.imencode(".png", cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    assert done
    try:
        prepare_partial(path).write_bytes(content.tobytes())
        publish(path)
    except OSError as error:
        raise OutputError(f"{path} cannot be written ({error.strerror}); choose another --work") from error
