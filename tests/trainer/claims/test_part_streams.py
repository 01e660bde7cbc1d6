"""The claim about streams: every classifier reads its own views, and what two views tell together is found."""

from pathlib import Path

import numpy as np
import torch

from trainer.claims.part_streams import STREAMS, StreamClassifiers, StreamSet, try_streams


def test_each_classifier_reads_its_own_views() -> None:
    torch.manual_seed(0)
    network, features = StreamClassifiers(4, 3), torch.randn(2, 5, 4)
    before = network(features)
    for view in range(5):
        changed = features.clone()
        changed[:, view] += 1
        after = network(changed)
        told = [not torch.equal(old, new) for old, new in zip(before, after, strict=True)]
        assert told == [view in views for views in STREAMS.values()]


def test_what_two_streams_tell_together_neither_tells_alone(tmp_path: Path) -> None:
    torch.set_num_threads(1)
    rng = np.random.default_rng(0)
    actions = np.arange(80) % 4
    features = rng.normal(0, 0.5, (80, 5, 4)).astype(np.float32)
    features[:, 0, 0] += 6 * (actions // 2) - 3  # the whole person tells one half of the action
    features[:, 3, 1] += 6 * (actions % 2) - 3  # the right hand the other
    outcomes = try_streams(
        StreamSet(features, actions, np.arange(40), np.arange(40, 80), 4), tmp_path, seeds=1, epochs=300
    )
    means = {outcome.variant: outcome.mean for outcome in outcomes}
    assert all(len(outcome.figures) == 1 for outcome in outcomes)
    assert means["image and part, concatenated"] > 0.95
    assert max(means["image stream"], means["part stream"]) < 0.85
    assert means["attention stream"] < 0.6
