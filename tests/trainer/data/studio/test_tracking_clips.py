"""Clips with known identities: every script can be played, and both halves have as many of each."""

import numpy as np
import pytest

from trainer.data.studio.tracking_clips import ClipPlan, plan_clips
from trainer.data.studio.tracking_scripts import SCRIPTS, Stage


@pytest.mark.parametrize("name", SCRIPTS)
def test_every_script_sends_people_somewhere_within_the_clip(name: str) -> None:
    stage = Stage(slope=0.6)
    script = SCRIPTS[name](stage, np.random.default_rng(3))
    assert script == SCRIPTS[name](stage, np.random.default_rng(3))
    assert 3 <= len(script.walks) <= 16
    for walk in script.walks:
        assert len(walk.stops) >= 2
        assert all(z < -3.0 for _, z in (stop.place for stop in walk.stops))  # in front of the camera
    # Whoever is hidden or away is seen before: there is somebody to lose.
    seen = [walk for walk in script.walks if any(abs(x) <= 0.6 * -z for x, z in (stop.place for stop in walk.stops))]
    assert name == "crossing" or len(seen) >= 2


def test_the_halves_have_as_many_clips_of_each_script() -> None:
    plans = plan_clips(4)
    assert len({plan.name for plan in plans}) == len(plans) == 4 * len(SCRIPTS)
    for script in SCRIPTS:
        assert sorted(plan.half for plan in plans if plan.script == script) == [0, 0, 1, 1]
    assert ClipPlan("behind a column", 3).name == "behind_a_column_3"
