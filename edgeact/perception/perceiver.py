"""From frames to persons: look, follow, describe; one for each source."""

import time as clock
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from edgeact.bundle import Bundle
from edgeact.config import PipelineConfig
from edgeact.perception.describe import Describer
from edgeact.perception.detect import Detector
from edgeact.perception.pose import PoseBatch, PoseEstimator
from edgeact.perception.roles import assign_roles
from edgeact.perception.scene import Scene, SceneReader
from edgeact.perception.track import Tracker
from edgeact.perception.track_step import TrackStep
from edgeact.types import Event, Float32, Frame, Perceived

_DETECTION_PAUSE = 2  # frames between a detection and one that the tracker asks for


@dataclass(frozen=True, slots=True, eq=False)
class _Followed:
    """A scene and who is in it."""

    scene: Scene
    step: TrackStep


class Perceiver:
    """Everything between a decoded frame and its result, in three steps that may each run in a thread of their own.

    Args:
        bundle: With a detector and a pose graph; without an action graph persons have no actions, without an explain
            graph the attention map shows where the pose graph found the joints.
        config: Of the pipeline.

    Raises:
        BundleError: The bundle lacks a graph that is needed, or its graphs do not fit together (see `assign_roles`).
        BundleIntegrityError: A graph's file is not the one that the manifest describes.
        BackendError: The device is not available, or a graph cannot be loaded there.
    """

    def __init__(self, bundle: Bundle, config: PipelineConfig) -> None:
        assign_roles(bundle)
        self._detector = Detector(bundle, device=config.device, threads=config.threads)
        self._pose = PoseEstimator(bundle, device=config.device, threads=config.threads)
        self._scenes = SceneReader(self._detector, config)
        self._tracker = Tracker(config, skeleton=bundle.skeleton, calibration=bundle.manifest.calibration)
        self._describer = Describer(bundle, config)
        self._since_detection = 0

    @property
    def steps(self) -> Mapping[str, Callable[[Any], Any]]:
        """By name what is done to a frame, one after the other; frames go through each in order."""
        return {"look": self._scenes.look, "follow": self._follow, "describe": self._describe}

    def process(self, frame: Frame) -> Perceived:
        """What is known of the next frame: all steps at once.

        Args:
            frame: Of the same source, later than the one before; a new epoch or a shot cut forgets all tracks.

        Returns:
            The persons by track with the seconds that each stage took, and the events.
        """
        return self._describe(self._follow(self._scenes.look(frame)))

    def finish(self) -> tuple[Event, ...]:
        """End all actions that are in force (the source is over) and forget all tracks."""
        self._scenes.reset()
        self._tracker.reset()
        return tuple(self._describer.forget_all())

    def close(self) -> None:
        """Release the graphs; calling it twice does no harm."""
        self._detector.close()
        self._pose.close()
        self._describer.close()

    def _follow(self, scene: Scene) -> _Followed:
        frame, seconds, detections = scene.frame, scene.stage_seconds, scene.detections
        if scene.is_new:
            self._tracker.reset()
        if detections is None and self._tracker.wants_detection and self._since_detection >= _DETECTION_PAUSE:
            started = clock.perf_counter()
            detections = self._detector.detect(frame.image)
            seconds["detect"] = clock.perf_counter() - started
        self._since_detection = 1 if detections is not None else self._since_detection + 1

        height, width = frame.image.shape[:2]
        posing = 0.0

        def estimate(boxes: Float32) -> PoseBatch:
            nonlocal posing
            before = clock.perf_counter()
            batch = self._pose.estimate(frame.image, boxes)
            posing += clock.perf_counter() - before
            return batch

        started = clock.perf_counter()
        step = self._tracker.step(frame.time, detections, estimate, width=width, height=height)
        seconds["pose"], seconds["track"] = posing, clock.perf_counter() - started - posing
        return _Followed(scene, step)

    def _describe(self, followed: _Followed) -> Perceived:
        return self._describer.describe(followed.scene, followed.step)
