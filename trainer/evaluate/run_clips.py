"""A whole bundle on held-out videos, frame by frame as `edgeact annotate` runs it, and what its action heads say.

Needed for heads that judge persons, whom detector and tracker find, and for heads that judge single frames. Of several
people in a frame the mean counts, because data sets say what happens in a clip and not who does it.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from edgeact.bundle.load import Bundle
from edgeact.bundle.manifest import GraphSpec
from edgeact.capture.open import open_source
from edgeact.drawing.drawer import make_drawer
from edgeact.engine.engine import Engine
from edgeact.errors import UsageError
from edgeact.perception.perceiver import Perceiver
from trainer.data.labelled_samples import LabelledSample
from trainer.evaluate.cut_clips import clip_starts
from trainer.evaluate.held_out import HeadAnswers, Progress, VideoAnswers, columns_of
from trainer.evaluate.metrics.accuracy import video_probability

MOMENTS = (0.3, 0.5, 0.7)  # of a video, that are drawn
_DRAWN_EVERY = 0.2  # seconds; which of these frames are near the moments is known at the video's end
_TALL = 360  # pixels of a drawn frame


@dataclass(frozen=True, slots=True, eq=False)
class RunVideo:
    """What a bundle said of one video.

    Attributes:
        times: ``(F,)`` of its frames, in seconds.
        said: Of each head ``(F, A)`` probabilities of the set's actions; NaN in frames in which nobody was judged.
        drawn: Frames near `MOMENTS`, each with its time, as `annotate` draws them, in JPEG: of thousands of videos they
            must be kept.
        seconds: ``(F,)`` how long each frame took.
    """

    times: np.ndarray
    said: dict[str, np.ndarray]
    drawn: tuple[tuple[float, bytes], ...]
    seconds: np.ndarray

    def picture(self, moment: int) -> np.ndarray:
        """The frame at one of `MOMENTS`, by its number: ``(H, W, 3)`` uint8 RGB."""
        coded = np.frombuffer(self.drawn[moment][1], np.uint8)
        return cv2.imdecode(coded, cv2.IMREAD_COLOR)[..., ::-1]


def run_clips(
    bundle: Bundle, samples: Sequence[LabelledSample], actions: Sequence[str], *, progress: Progress
) -> tuple[list[HeadAnswers], list[RunVideo]]:
    """Run a bundle over videos.

    Args:
        bundle: With an action head.
        samples: Videos with an action.
        actions: Of the data set; each must be a label of every head.
        progress: Gives the samples one after the other and shows how far it is.

    Raises:
        UsageError: The bundle has no action head, or a head lacks an action.
        BackendError: A graph failed.
    """
    graphs = {head.name: spec for spec in bundle.manifest.graphs for head in spec.heads}
    if not graphs:
        raise UsageError(f"bundle {bundle.manifest.name} has no action head; give another bundle or set")
    heads = {head.name: head for spec in graphs.values() for head in spec.heads}
    columns = {name: columns_of(head, actions) for name, head in heads.items()}
    with Engine(bundle) as engine:
        runs = [_run(engine, sample, columns) for sample in progress(samples, f"{bundle.manifest.name}: every frame")]
    milliseconds = float(np.concatenate([run.seconds for run in runs]).mean()) * 1e3
    found = []
    for name, head in heads.items():
        course = _course([run.times for run in runs], [run.said[name] for run in runs], graphs[name])
        whole = (course.clips, course.clip_videos) if len(course.clips) else (course.frames, course.frame_videos)
        mean, _ = video_probability(whole[0], whole[1].tolist())
        found.append(HeadAnswers(graphs[name], head, mean, course, milliseconds))
    return found, runs


def frame_milliseconds(bundle: Bundle, sample: LabelledSample) -> float:
    """Mean time of everything that a bundle does for a frame of a video: some graphs are not called in every frame.

    Raises:
        BackendError: A graph failed.
    """
    with Engine(bundle) as engine:
        return float(_run(engine, sample, {}).seconds.mean()) * 1e3


def _run(engine: Engine, sample: LabelledSample, columns: dict[str, list[int]]) -> RunVideo:
    draw = make_drawer(engine.bundle.plan)
    times, seconds = [], []
    said: dict[str, list[np.ndarray]] = {name: [] for name in columns}
    drawn: list[tuple[float, np.ndarray]] = []
    perceiver = Perceiver(engine)
    with open_source(sample.path) as source:
        for frame in source.frames():
            began = time.perf_counter()
            seen = perceiver.process(frame).observation
            seconds.append(time.perf_counter() - began)
            times.append(frame.time)
            if not drawn or frame.time >= drawn[-1][0] + _DRAWN_EVERY:
                drawn.append((frame.time, _small(draw(seen))))
            readings = [*seen.scene, *(reading for person in seen.persons for reading in person.readings)]
            for name, chosen in columns.items():
                judged = [reading.raw[chosen] for reading in readings if reading.head == name]
                said[name].append(np.mean(judged, 0) if judged else np.full(len(chosen), np.nan, np.float32))
    wanted = [times[0] + moment * (times[-1] - times[0]) for moment in MOMENTS]
    near = [min(drawn, key=lambda one: abs(one[0] - moment)) for moment in wanted]
    shown = tuple((moment, _coded(image)) for moment, image in near)
    return RunVideo(np.array(times), {name: np.stack(rows) for name, rows in said.items()}, shown, np.array(seconds))


def _course(times: Sequence[np.ndarray], said: Sequence[np.ndarray], graph: GraphSpec) -> VideoAnswers:
    """What a head said in the course of videos: in each frame and, where it judges clips, at the end of each clip."""
    clips, clip_videos, frames, frame_videos = [], [], [], []
    known, every = 0, 0
    for number, (moments, rows) in enumerate(zip(times, said, strict=True)):
        judged = np.isfinite(rows).all(1)
        known, every = known + int(judged.sum()), every + len(rows)
        answers = rows[judged] if judged.any() else np.zeros((1, rows.shape[1]))
        frames.append(answers)
        frame_videos += [number] * len(answers)
        if graph.clip is not None:
            seconds = graph.clip.length * graph.clip.stride_seconds
            ends = np.searchsorted(moments, clip_starts(moments, seconds) + seconds, side="right") - 1
            ended = rows[ends][judged[ends]]
            ended = ended if len(ended) else answers[-1:]  # nobody was judged at a clip's end: what was said last
            clips.append(ended)
            clip_videos += [number] * len(ended)
    return VideoAnswers(
        np.concatenate(clips) if clips else np.zeros((0, said[0].shape[1])),
        np.array(clip_videos, int),
        np.concatenate(frames),
        np.array(frame_videos, int),
        known / every,
    )


def _coded(rgb: np.ndarray) -> bytes:
    done, coded = cv2.imencode(".jpg", rgb[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 92])
    assert done
    return coded.tobytes()


def _small(image: np.ndarray) -> np.ndarray:
    height, width = image.shape[:2]
    size = (max(1, round(_TALL * width / height)), _TALL)
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA if height > _TALL else cv2.INTER_CUBIC)
