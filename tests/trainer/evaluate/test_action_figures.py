"""The figures of answers that were written down by hand: of pictures, of several actions at once, and of videos."""

from pathlib import Path

import numpy as np
import pytest

from edgeact.bundle.load import load_bundle
from trainer.data.labelled_samples import LabelledSample
from trainer.evaluate.action_figures import action_figures
from trainer.evaluate.held_out import HeadAnswers, VideoAnswers
from trainer.evaluate.judged import HeldOut, Judged


def figures_of(part: HeldOut, probability: list[list[float]], videos: VideoAnswers | None = None) -> dict[str, float]:
    bundle = load_bundle(None)
    graph = bundle.graph("action")
    found = HeadAnswers(graph, graph.heads[0], np.array(probability), videos, 5.0)
    judged = Judged(bundle, [found], (), None if videos is None else 30.0, ())
    return {figure.name: figure.measured for figure in action_figures(judged, part)}


def test_of_pictures() -> None:
    samples = [LabelledSample(Path(name), "test", label) for name, label in (("a", 0), ("b", 0), ("c", 1))]
    part = HeldOut("stanford40", "test", samples, ("eat", "run"), clips=False)
    # Of action 0 the right ones are first and third of three: (1 + 2/3) / 2. Of action 1 the right one is second.
    figures = figures_of(part, [[0.9, 0.1], [0.3, 0.7], [0.4, 0.6]])
    assert figures == pytest.approx({"mAP": (5 / 6 + 1 / 2) / 2, "top-1 accuracy": 2 / 3, "time of a call": 5.0})


def test_of_several_actions_at_once() -> None:
    """One who does both, one who does neither, and one who does the second."""
    done = ([1, 1], [0, 0], [0, 1])
    samples = [LabelledSample(Path("p"), "test", actions=np.array(actions)) for actions in done]
    part = HeldOut("vcoco", "test", samples, ("hold", "sit"), clips=False)
    assert part.is_multi_label
    # "hold": the right one is second of three, 1/2. "sit": first and third, (1 + 2/3) / 2.
    figures = figures_of(part, [[0.5, 0.9], [0.8, 0.4], [0.1, 0.2]])
    assert figures == pytest.approx({"mAP": (1 / 2 + 5 / 6) / 2, "time of a call": 5.0})


def test_of_videos() -> None:
    samples = [LabelledSample(Path(name), "test", label) for name, label in (("a", 0), ("b", 1))]
    part = HeldOut("ut_interaction", "test", samples, ("eat", "run"), clips=True)
    right, wrong = [0.7, 0.3], [0.4, 0.6]  # of the first video
    # Three clips of the first, of which the one in the middle is wrong and the mean right; one of the second, right.
    clips = np.array([right, wrong, right, [0.2, 0.8]])
    # Four frames of the first, one right: the mean (.475, .525) is wrong. Two of the second, one right: (.45, .55).
    frames = np.array([right, wrong, wrong, wrong, [0.2, 0.8], [0.7, 0.3]])
    said = VideoAnswers(clips, np.array([0, 0, 0, 1]), frames, np.array([0, 0, 0, 0, 1, 1]), answered=0.75)
    assert figures_of(part, [[0.6, 0.4], [0.2, 0.8]], said) == pytest.approx(
        {
            "mAP": 1.0,
            "single-clip accuracy": 0.5,
            "multi-clip accuracy": 1.0,
            "frame-wise accuracy": 2 / 6,
            "video-wise accuracy": 0.5,
            "frames with an answer": 0.75,
            "time of a call": 5.0,
            "time of a frame": 30.0,
        }
    )
