"""One clip as several bundles see it, each with its own attention map: a sheet of pictures for a document."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import cv2
import numpy as np

from edgeact.api.pipeline import Pipeline
from edgeact.atomic import prepare_partial, publish
from edgeact.bundle.load import load_bundle
from edgeact.capture.open import open_source
from edgeact.drawing.drawer import make_drawer
from edgeact.errors import OutputError, SourceFormatError
from edgeact.geometry import letterbox
from edgeact.types import Frame, Observation
from trainer.evaluate.report.tiles import make_sheet

_RATE = 10.0  # frames a second that are looked at: enough for clips of a few frames, and a third of the time
_WIDTH, _HEIGHT, _CAPTION, _COLUMNS = 400, 226, 22, 2
_QUALITIES = (92, 85, 75, 60, 45)  # of JPEG, until the file is small enough
LARGEST_FILE = 200_000  # bytes


def draw_bundle_sheet(
    bundles: Sequence[Path], clip: Path, out: Path, *, at: float, progress: Callable[[Sequence, str], Iterable]
) -> list[str]:
    """Write a JPEG of at most `LARGEST_FILE` bytes: of each bundle the drawn frame of a clip, with the bundle's name.

    Args:
        bundles: Folders, in the order of the pictures.
        clip: A video.
        out: The file.
        at: Seconds into the clip; the bundles see all of it up to there.
        progress: Gives items one after the other and shows how far it is.

    Returns:
        The names of the bundles that gave no attention map there.

    Raises:
        BundleError: A bundle cannot be used.
        SourceNotFoundError, SourceFormatError: The clip is not there, or shorter.
        OutputError: The file cannot be written.
    """
    frames = _frames(clip, at)
    tiles, blind = [], []
    for folder in progress(bundles, "bundles"):
        bundle = load_bundle(folder)
        draw_next = make_drawer(bundle.plan)
        with Pipeline(folder) as pipeline:
            for frame in frames:
                seen = pipeline.process(frame.image, time=frame.time)
                drawn = draw_next(seen)
        if not has_attention(seen):
            blind.append(bundle.manifest.name)
        tiles.append(_tile(drawn, bundle.manifest.name))
    _write(out, make_sheet(tiles, _COLUMNS))
    return blind


def has_attention(observation: Observation) -> bool:
    """Whether there is a map of a person or of the scene."""
    readings = [*observation.scene, *(reading for person in observation.persons for reading in person.readings)]
    maps = [*observation.attention, *(one for person in observation.persons for one in person.attention)]
    return bool(maps) or any(reading.attention for reading in readings)


def _frames(clip: Path, at: float) -> list[Frame]:
    chosen: list[Frame] = []
    with open_source(clip) as source:
        for frame in source.frames():
            if frame.time > at:
                return chosen
            if not chosen or frame.time >= chosen[-1].time + 1 / _RATE - 1e-3:
                chosen.append(frame)
    raise SourceFormatError(f"{clip} ends before {at:g} s; give an earlier --at")


def _tile(picture: np.ndarray, name: str) -> np.ndarray:
    square = letterbox(picture, width=_WIDTH, height=_HEIGHT)
    strip = np.zeros((_CAPTION, _WIDTH, 3), np.uint8)
    cv2.putText(strip, name, (6, _CAPTION - 7), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (235, 235, 235), 1, cv2.LINE_AA)
    return np.concatenate([square, strip])


def _write(path: Path, rgb: np.ndarray) -> None:
    for quality in _QUALITIES:
        done, content = cv2.imencode(".jpg", rgb[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
        assert done
        if len(content) <= LARGEST_FILE:
            break
    try:
        prepare_partial(path).write_bytes(content.tobytes())
        publish(path)
    except OSError as error:
        raise OutputError(f"{path} cannot be written ({error.strerror}); choose another --out") from error
