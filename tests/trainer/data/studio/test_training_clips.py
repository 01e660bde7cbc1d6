"""Tests of the plan of rendered training clips: test motions are left out, rare actions get as many clips as others."""

from collections import Counter

from tests.trainer.data.studio.test_action_clips import MOTIONS, entry
from trainer.data.studio.action_clips import VIEWS, Group, plan_clips
from trainer.data.studio.training_clips import plan_training_clips


def test_motions_kept_for_testing_train_nothing() -> None:
    measured = {
        plan.entry.name for plan in plan_clips(MOTIONS) if plan.group in (Group.OURS_UNSEEN, Group.OTHER_UNSEEN)
    }
    assert measured
    assert not measured & {plan.entry.name for plan in plan_training_clips(MOTIONS)}


def test_a_rare_action_is_seen_as_often_as_a_frequent_one_and_others_less() -> None:
    walks = tuple(entry("walk", f"walk_{number}") for number in range(8))
    plans = plan_training_clips((*walks, entry("push", "push"), entry("sit", "sit")))
    clips = Counter(plan.entry.label for plan in plans)
    assert clips == {"walk": 24, "push": 24, "sit": 6}
    assert {plan.view for plan in plans if plan.entry.label == "push"} == set(VIEWS)


def test_clips_keep_the_split_and_the_labels_of_their_motion() -> None:
    plans = plan_training_clips(MOTIONS)
    assert {plan.split for plan in plans} == {"train", "validation"}
    assert {plan.allowed for plan in plans if plan.entry.label == "guard"} == {("other", "punch")}
    assert len({plan.name for plan in plans}) == len(plans)
