import numpy as np

from desktop_ui.keeping.judge_again import judge_again
from edgeact.bundle.load import load_bundle
from tests.desktop_ui.bridge.test_newest_frame import observation
from tests.desktop_ui.keeping.test_keeper import BOOK


def test_alerts_of_a_file_by_rules_that_were_made_afterwards() -> None:
    frames = [(observation(index), (160, 100)) for index in range(25)]
    plan = load_bundle().plan
    (event,) = judge_again(frames, BOOK, "gate", 3, plan)
    assert (event.record.rule, event.record.phase, event.record.track, event.key, event.at) == (
        "in-yard",
        "end",
        4,
        3,
        0,
    )
    assert event.record.end is not None
    assert np.isclose((event.record.end - event.record.start).total_seconds(), 0.96)
    assert judge_again(frames, BOOK, "dock", 3, plan) == ()
