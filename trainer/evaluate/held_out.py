"""What the action heads of a bundle say of held-out pictures and clips, each graph called as the runtime calls it."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from edgeact.bundle.load import Bundle
from edgeact.bundle.manifest import GraphSpec, HeadSpec
from edgeact.capture.open import open_source
from edgeact.engine.graph import Graph
from edgeact.errors import UsageError
from edgeact.perception.pictures import person_picture, picture_size, scene_picture
from trainer.data.labelled_samples import LabelledSample
from trainer.data.read_picture import read_rgb

Progress = Callable[[Sequence, str], Iterable]
_TIMED = 30  # calls whose median is a graph's time
_MOST_CLIPS = 10  # of one video, evenly over it


@dataclass(frozen=True, slots=True, eq=False)
class HeadAnswers:
    """The answers of one action head.

    Attributes:
        graph: The graph that the head belongs to.
        head: The head.
        probability: ``(N, A)`` of the data set's actions, in its order.
        single: ``(N, A)`` of clips: what the clip in the middle alone said; None of pictures.
        milliseconds: Median time of a call with one picture or clip.
    """

    graph: GraphSpec
    head: HeadSpec
    probability: np.ndarray
    single: np.ndarray | None
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
        columns = [_columns(head, actions) for head in spec.heads]
        graph = Graph(bundle, spec)
        every: list[list[np.ndarray]] = [[] for _ in spec.heads]
        middle: list[list[np.ndarray]] = [[] for _ in spec.heads]
        times: list[float] = []
        for sample in progress(samples, f"{bundle.manifest.name}: {spec.name}"):
            given = clips_of(sample, spec) if clips else [picture_of(sample, spec)[None]]
            said = []
            for each in given:
                began = time.perf_counter()
                outputs = graph.run(each)
                times.append(time.perf_counter() - began)
                said.append([outputs.of("actions", head=head.name)[0] for head in spec.heads])
            for row, chosen in enumerate(columns):
                every[row].append(np.mean([answers[row] for answers in said], 0)[chosen])
                middle[row].append(said[len(said) // 2][row][chosen])
        median = float(np.median(times[:_TIMED])) * 1e3
        for row, head in enumerate(spec.heads):
            single = np.stack(middle[row]) if clips else None
            found.append(HeadAnswers(spec, head, np.stack(every[row]), single, median))
    return found


def _judges(spec: GraphSpec, *, clips: bool) -> bool:
    meaning = spec.inputs[0].meaning
    return meaning == "pictures" and spec.scope == "scene" if clips else meaning == "picture"


def _columns(head: HeadSpec, actions: Sequence[str]) -> list[int]:
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


def clips_of(sample: LabelledSample, spec: GraphSpec) -> list[np.ndarray]:
    """Clips ``(1, T, H, W, 3)`` of a video at the graph's stride, half over each other; a short video ends in its last
    frame.
    """
    assert spec.clip is not None
    size = picture_size(spec.inputs[0])
    with open_source(sample.path) as source:
        seen = [(frame.time, scene_picture(frame.image, size)[0]) for frame in source.frames()]
    times = np.array([moment for moment, _ in seen])
    length = spec.clip.length * spec.clip.stride_seconds
    last = max(times[-1] - length, times[0])
    count = int(np.clip(np.ceil((last - times[0]) / (length / 2)) + 1, 1, _MOST_CLIPS))
    clips = []
    for start in np.linspace(times[0], last, count):
        wanted = start + np.arange(spec.clip.length) * spec.clip.stride_seconds
        rows = np.clip(np.searchsorted(times, wanted + 1e-6) - 1, 0, len(seen) - 1)
        clips.append(np.stack([seen[row][1] for row in rows])[None])
    return clips
