"""Makes frames and results for tests of what comes after the perceiver; nothing is computed, every number is chosen."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np

from edgeact.bundle.load import Bundle
from edgeact.bundle.manifest import SCHEMA_VERSION, Manifest
from edgeact.bundle.plan import make_plan
from edgeact.capture.base import SourceInfo
from edgeact.config import PipelineConfig
from edgeact.sinks.events import EventsSink
from edgeact.sinks.jsonl import JsonlSink
from edgeact.skeleton import BODY_21
from edgeact.types import Event, Frame, Observation, PartCrop, Person, Pose, Reading, UInt8

LABELS = ("wave", "kick", "other")


def paper_manifest(labels: tuple[str, ...] = LABELS) -> Manifest:
    """A manifest of graphs that nobody has made."""

    def tensor(name: str, shape: list[int | str], meaning: str = "", head: str | None = None) -> dict[str, object]:
        dtype = "uint8" if meaning == "picture" else "float32"
        return {"name": name, "meaning": meaning or name, "shape": shape, "dtype": dtype, "head": head}

    def graph(name: str, scope: str, horizon: str, **rest: object) -> dict[str, object]:
        return {"name": name, "file": f"{name}.onnx", "sha256": "0" * 64, "scope": scope, "horizon": horizon, **rest}

    skeleton = {"name": BODY_21.name, "joints": BODY_21.joints, "confidence": 0.3}
    graphs = [
        graph(
            "detector", "scene", "frame", inputs=[tensor("image", [1, "H", "W", 3], "picture")],
            outputs=[tensor("boxes", [1, 100, 4]), tensor("scores", [1, 100])],
            detection={"score": 0.35, "iou": 0.6, "pixels": [114_688]},
        ),
        graph(
            "pose", "person", "frame", inputs=[tensor("image", ["N", 160, 128, 3], "picture")],
            outputs=[tensor("joints", ["N", 21, 2]), tensor("confidence", ["N", 21])],
            crop={"padding": 1.12}, skeleton=skeleton,
        ),
        graph(
            "action", "person", "clip", inputs=[tensor("features", ["N", 32, 21, 3], "poses")],
            outputs=[tensor("actions", ["N", len(labels)], head="action")], skeleton=skeleton,
            clip={"length": 32, "stride_seconds": 1 / 15},
            heads=[{"name": "action", "labels": labels, "other_label": "other", "score": 0.64}],
        ),
    ]  # fmt: skip
    return Manifest.model_validate(
        {
            "schema_version": SCHEMA_VERSION,
            "name": "paper",
            "version": "1",
            "created": "2026-01-01T00:00:00Z",
            "licence": "Apache-2.0",
            "graphs": graphs,
            "training": {},
            "parity": {},
        }
    )


def bundle_without_graphs() -> Bundle:
    """What sinks need to know of a bundle."""
    manifest = paper_manifest()
    plan = make_plan(manifest, where="paper")
    return Bundle(directory=Path(), manifest=manifest, plan=plan, digest="0123456789abcdef" * 4)


def source_info(*, width: int = 64, height: int = 48, rate: int = 25, duration: float | None = None) -> SourceInfo:
    """What a file of this size would announce."""
    return SourceInfo(
        name="clip.mp4",
        width=width,
        height=height,
        live=False,
        frame_rate=Fraction(rate),
        frame_count=None,
        duration=duration,
    )


def person(track_id: int = 1, *, confidence: float = 0.9, action: bool = True) -> Person:
    """A person whose joints lie on a diagonal."""
    joints = np.stack([np.arange(21), 2 * np.arange(21)], axis=1).astype(np.float32) + np.float32(1 / 3)
    return Person(
        track_id=track_id,
        box=np.array([1.25, 2.5, 30.123456, 40.0], np.float32),
        score=0.87654321,
        pose=Pose(joints=joints, confidence=np.full(21, confidence, np.float32)),
        parts=(
            PartCrop("head", np.array([1, 2, 3, 4], np.float32)),
            PartCrop("left_hand", np.array([-5, 6, 7, 8], np.float32)),
        ),
        readings=(
            Reading(
                "action",
                raw=np.array([0.7, 0.2, 0.1], np.float32),
                smoothed=np.array([0.6, 0.3, 0.1], np.float32),
                labels=("wave",),
                scores=(0.6,),
            ),
        )
        if action
        else (),
    )


def result(
    index: int,
    image: UInt8 | None = None,
    *,
    time: float | None = None,
    persons: tuple[Person, ...] = (),
) -> Observation:
    """The observation of frame ``index``, 25 a second unless ``time`` says otherwise."""
    picture = np.full((48, 64, 3), 100, np.uint8) if image is None else image
    frame = Frame(index=index, time=index / 25 if time is None else time, image=picture)
    return Observation(frame=frame, persons=persons)


def ended_event(
    track_id: int | None = 1, *, label: str = "wave", start: float = 0.0, end: float = 1.0, score: float = 0.9
) -> Event:
    """An action that is over."""
    return Event(1, "end", "clip.mp4", 0, "action", "track", track_id, label, start, end, score)


def write_results(folder: Path, observations: Sequence[Observation], events: Sequence[Event] = ()) -> Path:
    """Write ``clip.frames.jsonl`` and ``clip.events.csv`` as the sinks do; the path of the frames."""
    frames = folder / "clip.frames.jsonl"
    sink = JsonlSink(frames, info=source_info(), bundle=bundle_without_graphs(), config=PipelineConfig(), every=1)
    for observation in observations:
        sink.write(observation, None)
    sink.close()
    actions = EventsSink(folder / "clip.events.csv")
    for event in events:
        actions.write_event(event)
    actions.close()
    return frames
