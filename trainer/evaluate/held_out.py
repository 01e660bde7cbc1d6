"""What the action heads of a bundle say of held-out pictures and clips, each graph called as the runtime calls it.

Bundles that judge the persons of a clip, or single frames of it, are run as a whole: `trainer.evaluate.run_clips`.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from edgeact.bundle.load import Bundle
from edgeact.bundle.manifest import GraphSpec, HeadSpec
from edgeact.engine.graph import Graph
from edgeact.errors import UsageError
from edgeact.perception.pictures import person_picture, picture_size, scene_picture
from trainer.data.labelled_samples import LabelledSample
from trainer.data.read_picture import read_rgb
from trainer.evaluate.cut_clips import cut_clips
from trainer.evaluate.metrics.accuracy import video_probability

Progress = Callable[[Sequence, str], Iterable]
_TIMED = 30  # calls whose median is a graph's time


@dataclass(frozen=True, slots=True, eq=False)
class VideoAnswers:
    """What was said in the course of N videos, those of each in the order of time.

    Attributes:
        clips: ``(C, A)`` of clips that lie half over each other; ``(0, A)`` of a head that judges single frames.
        clip_videos: ``(C,)`` which of the videos each is of.
        frames: ``(F, A)`` of frames: what was said in each, or by the clip whose middle is nearest; frames in which
            nobody was judged are left out. A video without any has one answer, all 0.
        frame_videos: ``(F,)`` which of the videos each is of.
        answered: Share of all frames in which anybody or the scene was judged.
    """

    clips: np.ndarray
    clip_videos: np.ndarray
    frames: np.ndarray
    frame_videos: np.ndarray
    answered: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class HeadAnswers:
    """The answers of one action head.

    Attributes:
        graph: The graph that the head belongs to.
        head: The head.
        probability: ``(N, A)`` of the data set's actions, in its order; of videos the mean of their clips or, without
            clips, of their frames.
        videos: What was said in the course of videos; None of pictures.
        milliseconds: Median time of a call with one picture or clip; where the whole bundle was run, the mean of a
            frame.
    """

    graph: GraphSpec
    head: HeadSpec
    probability: np.ndarray
    videos: VideoAnswers | None
    milliseconds: float


def answer(
    bundle: Bundle, samples: Sequence[LabelledSample], actions: Sequence[str], *, clips: bool, progress: Progress
) -> list[HeadAnswers]:
    """Run every action head of a bundle that judges pictures, or clips of whole frames, on held-out samples.

    Args:
        bundle: Its graphs of one person are given the sample's own box.
        samples: All with an action.
        actions: Of the data set; each must be a label of the head.
        clips: Whether samples are videos.
        progress: Gives the samples one after the other and shows how far it is.

    Raises:
        UsageError: No head judges such samples, or a head lacks an action, or a sample a box.
        BackendError: A graph failed.
    """
    specs = [spec for spec in bundle.manifest.graphs if spec.heads and _judges(spec, clips=clips)]
    if not specs:
        kind = "clips of whole frames" if clips else "single pictures"
        raise UsageError(
            f"bundle {bundle.manifest.name} has no action head that judges {kind}; give another bundle or set"
        )
    found = []
    for spec in specs:
        columns = [columns_of(head, actions) for head in spec.heads]
        graph = Graph(bundle, spec)
        clip_answers: list[list[np.ndarray]] = [[] for _ in spec.heads]
        videos: list[int] = []  # which each clip is of
        nearest: list[np.ndarray] = []  # clip of each frame, by video
        times: list[float] = []
        for number, sample in enumerate(progress(samples, f"{bundle.manifest.name}: {spec.name}")):
            cut = cut_clips(sample, spec) if clips else None
            given = cut.clips if cut else [picture_of(sample, spec)[None]]
            if cut:
                nearest.append(len(videos) + cut.nearest())
            for each in given:
                began = time.perf_counter()
                outputs = graph.run(each)
                times.append(time.perf_counter() - began)
                for row, head in enumerate(spec.heads):
                    clip_answers[row].append(outputs.of("actions", head=head.name)[0][columns[row]])
                videos.append(number)
        median = float(np.median(times[:_TIMED])) * 1e3
        for row, head in enumerate(spec.heads):
            said = np.stack(clip_answers[row])
            if not clips:
                found.append(HeadAnswers(spec, head, said, None, median))
                continue
            mean, _ = video_probability(said, videos)
            frame_videos = np.repeat(np.arange(len(nearest)), [len(rows) for rows in nearest])
            course = VideoAnswers(said, np.array(videos), said[np.concatenate(nearest)], frame_videos)
            found.append(HeadAnswers(spec, head, mean, course, median))
    return found


def judges_whole_clips(bundle: Bundle) -> bool:
    """Whether a graph of the bundle judges clips of whole frames."""
    return any(spec.heads and _judges(spec, clips=True) for spec in bundle.manifest.graphs)


def _judges(spec: GraphSpec, *, clips: bool) -> bool:
    meaning = spec.inputs[0].meaning
    return meaning == "pictures" and spec.scope == "scene" if clips else meaning == "picture"


def columns_of(head: HeadSpec, actions: Sequence[str]) -> list[int]:
    """Where a data set's actions stand among a head's labels.

    Raises:
        UsageError: The head lacks one.
    """
    lacking = [action for action in actions if action not in head.labels]
    if lacking:
        raise UsageError(f"head {head.name} does not know {', '.join(lacking[:5])}; measure the bundle on its own set")
    return [head.labels.index(action) for action in actions]


def picture_of(sample: LabelledSample, spec: GraphSpec) -> np.ndarray:
    """Cut out what a graph is given of a sample: ``(H, W, 3)`` uint8 RGB.

    Raises:
        UsageError: The graph judges persons, and nobody is boxed.
    """
    image, size = read_rgb(sample.path), picture_size(spec.inputs[0])
    if spec.scope == "scene":
        return scene_picture(image, size)[0]
    if sample.box is None or spec.crop is None:
        raise UsageError(f"{sample.path} has no box, and graph {spec.name} judges one person; give a set with boxes")
    return person_picture(image, np.asarray(sample.box, np.float32), size, padding=spec.crop.padding)[0]
