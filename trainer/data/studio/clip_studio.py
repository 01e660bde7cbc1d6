"""Renders scenes into video files with labels, which `trainer.data.known_people` reads.

Writes ``NAME.mp4`` and ``NAME.jsonl`` for each clip, one line a frame::

    {"persons": [{"id": 1, "box": [x0, y0, x1, y1], "whole": [x0, y0, x1, y1], "visible": 0.9}]}

``box`` holds the pixels that show the person, ``whole`` the joints, hidden ones too, and ``visible`` is the share of
the joints that are not hidden.
"""

import json
from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from edgeact.atomic import prepare_partial, publish
from trainer.data.studio.assets import Assets, load_assets
from trainer.data.studio.render import Renderer
from trainer.data.studio.scene import Scene, StudioFrame, StudioPerson, render_scene

_QUALITY = "23"  # x264's own default


class ClipStudio:
    """Renders the clips that a folder does not hold yet; use as a context manager. Avatars and renderer are loaded when
    the first clip needs them.

    Args:
        studio: The studio's folder.
        out: Where the clips go.
        seed: Of the clothes.
        size: Width and height of the pictures.
        frame_rate: Pictures a second.
    """

    def __init__(self, studio: Path, out: Path, *, seed: int, size: tuple[int, int], frame_rate: int) -> None:
        self._studio, self._out, self._seed = studio, out, seed
        self._size, self._frame_rate = size, frame_rate
        self._loaded: tuple[Assets, Renderer] | None = None

    def __enter__(self) -> "ClipStudio":
        return self

    def __exit__(self, *_: object) -> None:
        if self._loaded is not None:
            self._loaded[1].__exit__()

    def make(self, name: str, build_scene: Callable[[Assets], Scene]) -> Path:
        """Render a clip, if it is not there yet, and return the path of its video.

        Raises:
            FileNotFoundError: The studio folder is not complete.
            EglUnavailableError: This machine cannot render.
            OutputError: The folder cannot be written to.
        """
        path = self._out / f"{name}.mp4"
        if not path.with_suffix(".jsonl").exists():
            self._out.mkdir(parents=True, exist_ok=True)
            if self._loaded is None:
                self._loaded = load_assets(self._studio, seed=self._seed), Renderer(self._size)
            assets, renderer = self._loaded
            scene = build_scene(assets)
            frames = render_scene(scene, size=self._size, renderer=renderer, frame_rate=self._frame_rate)
            write_clip(frames, path, size=self._size, frame_rate=self._frame_rate)
        return path


def write_clip(frames: Iterable[StudioFrame], video: Path, *, size: tuple[int, int], frame_rate: int) -> None:
    """Write the video and, once it is complete, the labels beside it, with the suffix .jsonl.

    Raises:
        OutputError: The folder cannot be written to.
    """
    labels, lines = video.with_suffix(".jsonl"), []
    with av.open(str(prepare_partial(video)), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=frame_rate, options={"crf": _QUALITY})
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        stream.time_base = Fraction(1, frame_rate)
        for frame in frames:
            lines.append(json.dumps({"persons": [person_row(person) for person in frame.persons]}))
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame.image, format="rgb24")))
        container.mux(stream.encode(None))
    publish(video)
    prepare_partial(labels).write_text("\n".join(lines) + "\n", encoding="utf-8")
    publish(labels)


def person_row(person: StudioPerson) -> dict:
    """Identity, boxes and visible share of one person, as they are written."""
    joints, visible = person.joints[:, :2], person.joints[:, 2]
    whole = np.concatenate([np.minimum(joints.min(0), person.box[:2]), np.maximum(joints.max(0), person.box[2:])])
    return {
        "id": person.actor + 1,
        "box": [round(float(value), 1) for value in person.box],
        "whole": [round(float(value), 1) for value in whole],
        "visible": round(float(visible.mean()), 3),
    }
