"""One clip as several bundles see it, each with its own attention map and answer: a sheet for a document."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from edgeact.api.pipeline import Pipeline
from edgeact.atomic import prepare_partial, publish
from edgeact.bundle.load import load_bundle
from edgeact.bundle.plan import Plan
from edgeact.capture.open import open_source
from edgeact.drawing.drawer import make_drawer
from edgeact.errors import OutputError, SourceFormatError
from edgeact.types import Frame, Observation
from trainer.evaluate.report.tiles import make_sheet

_RATE = 10.0  # frames a second that are looked at: enough for clips of a few frames, and a third of the time
_WIDTH, _TALLEST, _CAPTION = 400, 400, 42  # pixels of a tile, and of the two lines below it
_DRAWN_SIDE = 480  # of the shorter side at least: into small pictures only coarse lines and letters can be drawn
_QUALITIES = (92, 85, 75, 60, 45)  # of JPEG, until the file is small enough
LARGEST_FILE = 160_000  # bytes


def draw_bundle_sheet(
    bundles: Sequence[Path], clip: Path, out: Path, *, at: float, progress: Callable[[Sequence, str], Iterable]
) -> list[str]:
    """Write a JPEG of at most `LARGEST_FILE` bytes: a frame of a clip, and the same frame as each bundle draws it.

    Below stand the bundle's name and what its first head finds likeliest, of the scene or of each person, whether that
    is sure enough to be called or not.

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
    tiles, blind = [_tile(frames[-1].image, "the clip", f"at {frames[-1].time:.1f} s")], []
    for folder in progress(bundles, "bundles"):
        bundle = load_bundle(folder)
        draw_next = make_drawer(bundle.plan)
        with Pipeline(folder) as pipeline:
            for frame in frames:
                seen = pipeline.process(frame.image, time=frame.time)
                drawn = draw_next(seen)
        if not has_attention(seen):
            blind.append(bundle.manifest.name)
        tiles.append(_tile(drawn, bundle.manifest.name, likeliest(seen, bundle.plan)))
    _write(out, make_sheet(tiles, 2 if len(tiles) <= 4 else 3))
    return blind


def likeliest(observation: Observation, plan: Plan) -> str:
    """What the first head finds likeliest, in words: of each person by number or, without such a head, of the scene."""
    if plan.heads:
        found = [(f"#{person.track_id} ", person.readings[0]) for person in observation.persons if person.readings]
    else:
        found = [("", reading) for reading in observation.scene[:1]]
    labels = [label.replace("_", " ") for label in plan.labels]
    words = [f"{who}{labels[int(said.smoothed.argmax())]} {said.smoothed.max():.0%}" for who, said in found]
    return ", ".join(words) or "says nothing yet"


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
                chosen.append(replace(frame, image=_enlarged(frame.image)))
    raise SourceFormatError(f"{clip} ends before {at:g} s; give an earlier --at")


def _enlarged(image: np.ndarray) -> np.ndarray:
    factor = -(-_DRAWN_SIDE // min(image.shape[:2]))
    return cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC) if factor > 1 else image


def _tile(picture: np.ndarray, name: str, words: str) -> np.ndarray:
    """A picture in the middle of a tile as tall as itself, if that is not too tall, over two lines of words."""
    height, width = picture.shape[:2]
    factor = min(_WIDTH / width, _TALLEST / height)
    small = cv2.resize(picture, (round(factor * width), round(factor * height)), interpolation=cv2.INTER_AREA)
    tile = np.zeros((small.shape[0] + _CAPTION, _WIDTH, 3), np.uint8)
    left = (_WIDTH - small.shape[1]) // 2
    tile[: small.shape[0], left : left + small.shape[1]] = small
    for line, (text, ink) in enumerate(((name, 170), (words, 240))):
        place = (6, small.shape[0] + 16 + 19 * line)
        cv2.putText(tile, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.45, (ink, ink, ink), 1, cv2.LINE_AA)
    return tile


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
