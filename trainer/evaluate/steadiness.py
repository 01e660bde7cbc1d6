"""How steadily boxes follow people: jumps from one frame to the next, found and drawn, and what smoothing costs."""

import time as clock
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

import numpy as np

from edgeact.bundle.load import Bundle
from edgeact.capture.open import open_source
from edgeact.drawing.steady import SteadyPersons
from edgeact.engine.engine import Engine
from edgeact.perception.perceiver import Perceiver
from edgeact.types import Float32, Observation
from trainer.evaluate.wild.report import Table

JUMP = 0.2  # of the box's side: a longer step of its centre, or of its size, from one frame to the next


@dataclass(slots=True)
class Steadiness:
    """Of one clip.

    Attributes:
        steps: Person-frames whose person was seen in the frame before too.
        detector_steps: Those of them in whose frame the detector ran.
        found: Jumps of boxes as they are written as data.
        found_on_detector: Those in whose frame the detector ran.
        drawn: Jumps of boxes as they are drawn.
        drawn_on_detector: Those in whose frame the detector ran.
        microseconds: That smoothing takes for a person and frame, on average.
    """

    steps: int = 0
    detector_steps: int = 0
    found: int = 0
    found_on_detector: int = 0
    drawn: int = 0
    drawn_on_detector: int = 0
    microseconds: float = 0.0


def measure_steadiness(bundle: Bundle, clip: Path) -> Steadiness:
    """Follow the people of a clip and count their jumps."""
    engine = Engine(bundle)
    perceiver = Perceiver(engine)
    steady = SteadyPersons(skeleton=bundle.skeleton, joint_confidence=bundle.plan.joint_confidence)
    counted, seconds, persons = Steadiness(), 0.0, 0
    found_before: dict[int, Float32] = {}
    drawn_before: dict[int, Float32] = {}
    try:
        with open_source(clip) as source:
            for frame in source.frames():
                result = perceiver.process(frame).observation
                began = clock.thread_time()
                smoothed = steady.smooth(result)
                seconds += clock.thread_time() - began
                persons += len(result.persons)
                found, drawn = _boxes(result), _boxes(smoothed)
                has_detections = "detect" in result.stage_seconds
                for track in found.keys() & found_before.keys():
                    counted.steps += 1
                    counted.detector_steps += has_detections
                    jumped = is_jump(found_before[track], found[track])
                    counted.found += jumped
                    counted.found_on_detector += jumped and has_detections
                    jumped = is_jump(drawn_before[track], drawn[track])
                    counted.drawn += jumped
                    counted.drawn_on_detector += jumped and has_detections
                found_before, drawn_before = found, drawn
    finally:
        engine.close()
    counted.microseconds = 1e6 * seconds / max(persons, 1)
    return counted


def is_jump(before: Float32, after: Float32) -> bool:
    """Whether a box ``(4,)`` moved or grew by more than `JUMP` of its width or height."""
    sides = np.maximum(before[2:] - before[:2], 1.0)
    change = after - before
    steps = np.concatenate([(change[:2] + change[2:]) / 2, change[2:] - change[:2]]) / np.tile(sides, 2)
    return bool((np.abs(steps) > JUMP).any())


def _boxes(result: Observation) -> dict[int, Float32]:
    return {person.track_id: person.box for person in result.persons}


def _sum(clips: Sequence[Steadiness]) -> Steadiness:
    """The counts of all clips together; smoothing takes what it takes on the mean step."""
    total = Steadiness(*(sum(values) for values in zip(*map(astuple, clips), strict=True)))
    total.microseconds = sum(clip.microseconds * clip.steps for clip in clips) / max(total.steps, 1)
    return total


def steadiness_table(clips: Mapping[str, Steadiness]) -> Table:
    """Table of jumps: one row for each clip and one for all clips; jumps on detector frames stand in brackets."""
    counted = {**clips, "all": _sum(list(clips.values()))} if len(clips) > 1 else clips
    rows = tuple(
        (
            name,
            f"{one.steps} ({one.detector_steps})",
            f"{one.found} ({one.found_on_detector})",
            f"{one.drawn} ({one.drawn_on_detector})",
            f"{one.microseconds:.0f}",
        )
        for name, one in counted.items()
    )
    title = f"Jumps of boxes, over {JUMP:.0%} of a side from frame to frame (on frames with detections)"
    return Table(title, ("clip", "steps", "found", "drawn", "µs a person to smooth"), rows)
