"""Pictures for a report: a sample beside the maps that a graph gives of it, moments of a video as they are drawn when a
bundle is run, and the surest mistakes.

Of a clip the picture in its middle is shown, as the graph is given it.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from edgeact.bundle.load import Bundle
from edgeact.bundle.manifest import GraphSpec, TensorSpec
from edgeact.engine.graph import Graph
from trainer.data.labelled_samples import LabelledSample
from trainer.data.spread import spread
from trainer.evaluate.cut_clips import cut_clips
from trainer.evaluate.held_out import HeadAnswers, picture_of
from trainer.evaluate.report.findings import Shown, Strip
from trainer.evaluate.run_clips import RunVideo

_SIDE = 224
_HEAT = 0.55  # how much of the picture a map may cover


def surest_mistakes(
    answers: HeadAnswers, samples: Sequence[LabelledSample], actions: Sequence[str], count: int
) -> list[tuple[int, str]]:
    """Samples whose most probable action is wrong, the most probable first: the row of each, and a caption."""
    best = answers.probability.argmax(1)
    surety = np.where(best == [sample.label for sample in samples], -1.0, answers.probability.max(1))
    return [
        (
            int(row),
            f"{actions[best[row]]} {surety[row]:.0%}, is {_true(samples[row], actions)} ({samples[row].path.name})",
        )
        for row in np.argsort(-surety)[:count]
        if surety[row] >= 0
    ]


def as_given(answers: HeadAnswers, sample: LabelledSample) -> np.ndarray:
    """What a head was given of a sample, of a clip the picture in the middle: ``(S, S, 3)`` uint8 RGB."""
    return _small(_given(sample, answers.graph)[1])


def drawn_strips(
    runs: Sequence[RunVideo],
    answers: HeadAnswers,
    samples: Sequence[LabelledSample],
    actions: Sequence[str],
    count: int,
) -> tuple[Strip, ...]:
    """At most ``count`` videos, evenly over all, each in three moments as `annotate` draws them, with their maps."""
    strips = []
    for row in spread(range(len(samples)), count):
        said = actions[int(answers.probability[row].argmax())]
        shown = [
            Shown(runs[row].picture(number), f"at {moment:.1f} s") for number, (moment, _) in enumerate(runs[row].drawn)
        ]
        title = f"{samples[row].path.name}: is {_true(samples[row], actions)}, called {said}"
        strips.append(Strip(title, tuple(shown)))
    return tuple(strips)


def attention_strips(
    bundle: Bundle, answers: HeadAnswers, samples: Sequence[LabelledSample], actions: Sequence[str], count: int
) -> tuple[Strip, ...]:
    """At most ``count`` samples, evenly over all, each beside every map that the bundle gives of it."""
    spec = mapping_graph(bundle, answers.graph)
    if spec is None:
        return ()
    maps = maps_of(spec)
    graph, strips = Graph(bundle, spec), []
    for row in spread(range(len(samples)), count):
        given, picture = _given(samples[row], spec)
        outputs = graph.run(given)
        said = actions[int(answers.probability[row].argmax())]
        shown = [Shown(_small(picture), f"is {_true(samples[row], actions)}, called {said}")]
        shown += [Shown(_heated(picture, _middle(outputs.named[output.name][0])), output.name) for output in maps]
        strips.append(Strip(samples[row].path.name, tuple(shown)))
    return tuple(strips)


def _true(sample: LabelledSample, actions: Sequence[str]) -> str:
    """The action of a sample or, where there may be several, all that are done."""
    if sample.actions is not None:
        return ", ".join(action for action, done in zip(actions, sample.actions, strict=True) if done == 1) or "none"
    return "unknown" if sample.label is None else actions[sample.label]


def mapping_graph(bundle: Bundle, judge: GraphSpec) -> GraphSpec | None:
    """The graph that says where one that judges has looked: itself, or one that is given the same; None without."""
    like = (judge, *(spec for spec in bundle.manifest.graphs if _same(spec, judge)))
    return next((spec for spec in like if maps_of(spec)), None)


def _same(spec: GraphSpec, judge: GraphSpec) -> bool:
    """Whether both are given the same; how many at a time is each one's own."""
    scope_and_clip = (spec.scope, spec.clip) == (judge.scope, judge.clip)
    one, other = spec.inputs[0], judge.inputs[0]
    return scope_and_clip and (one.meaning, one.shape[1:]) == (other.meaning, other.shape[1:])


def _given(sample: LabelledSample, spec: GraphSpec) -> tuple[np.ndarray, np.ndarray]:
    """What a graph is given of a sample, of a clip the part in the middle, and the picture that stands for it."""
    if spec.clip is None:
        picture = picture_of(sample, spec)
        return picture[None], picture
    clips = cut_clips(sample, spec).clips
    clip = clips[len(clips) // 2]
    return clip, clip[0, clip.shape[1] // 2]


def _middle(values: np.ndarray) -> np.ndarray:
    """The map ``(h, w)`` of a picture as it is, and of the maps of a clip ``(T, h, w)`` that in the middle."""
    return values[len(values) // 2] if values.ndim == 3 else values


def maps_of(spec: GraphSpec) -> list[TensorSpec]:
    """The outputs of a graph that say where it looked."""
    return [output for output in spec.outputs if output.meaning in ("attention", "human_map")]


def _small(picture: np.ndarray) -> np.ndarray:
    return cv2.resize(picture, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)


def _heated(picture: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Draw a map in colours over a picture ``(H, W, 3)`` uint8 RGB; the map is scaled by its largest value."""
    level = cv2.resize(np.asarray(values, np.float32), (_SIDE, _SIDE), interpolation=cv2.INTER_LINEAR)
    level = np.clip(level / max(float(level.max()), 1e-6), 0, 1)
    colours = cv2.applyColorMap((level * 255).astype(np.uint8), cv2.COLORMAP_TURBO)[..., ::-1]
    share = (_HEAT * level)[..., None]
    return (_small(picture) * (1 - share) + colours * share).round().astype(np.uint8)
