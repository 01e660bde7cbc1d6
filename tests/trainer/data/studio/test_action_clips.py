"""Which clips are rendered: motions that nobody trained on first, the kinds in turn, each from all sides."""

from trainer.data.splits import split_by_hash
from trainer.data.studio.action_clips import CLIPS, VIEWS, Group, plan_clips
from trainer.data.studio.motion import MotionEntry


def entry(label: str, name: str, source: str = "made") -> MotionEntry:
    return MotionEntry(f"{name}.npz", label, source, name, "CC0")


SPLITS = {split_by_hash(f"step_{n}", validation=10, test=0): f"step_{n}" for n in range(100)}
TRAINED, CHOSE = SPLITS["train"], SPLITS["validation"]
SECOND = next(f"{TRAINED}{n}" for n in range(100) if split_by_hash(f"{TRAINED}{n}", validation=10, test=0) == "train")
MOTIONS = (
    entry("walk", "walk_of_the_test_subject", source="cmu8_test"),
    entry("walk", TRAINED),
    entry("walk_back", TRAINED),  # a walk too
    entry("punch", TRAINED),
    entry("jump", "m2m_base__Jump_Start"),
    entry("guard", "nobody_can_tell_it_from_a_punch"),
    entry("lie", TRAINED),
    entry("fall", TRAINED),
    entry("fall", SECOND),
    entry("push_up", "push_up"),
    entry("dance", "dance"),
    entry("dance", TRAINED, source="cmu_cc"),
    entry("dance", CHOSE, source="cmu_cc"),
    entry("crawl", "crawl"),
    entry("sit", TRAINED),
    entry("idle", CHOSE),
)


def members(group: Group) -> list[str]:
    return [f"{plan.entry.label} {plan.entry.name}" for plan in plan_clips(MOTIONS) if plan.group is group]


def test_motions_that_trained_nothing_stand_for_their_action_where_there_are_such() -> None:
    assert set(members(Group.OURS_UNSEEN)) == {"walk walk_of_the_test_subject"}
    assert set(members(Group.OURS_SEEN)) == {f"punch {TRAINED}"}  # walk has unseen ones, half a jump is no jump
    assert set(members(Group.OTHER_UNSEEN)) == {"dance dance", "crawl crawl"}
    assert set(members(Group.OTHER_SEEN)) == {f"idle {CHOSE}", f"dance {CHOSE}"}  # another dance of cmu_cc trains
    assert not any("guard" in name for group in Group for name in members(group))


def test_kinds_and_motions_come_in_turn_and_each_kind_is_seen_by_every_camera() -> None:
    floor = members(Group.ON_THE_FLOOR)
    assert floor[:4] == [f"fall {TRAINED}", f"lie {TRAINED}", "push_up push_up", f"fall {SECOND}"]
    for kind in ("fall", "lie", "push_up"):
        plans = [plan for plan in plan_clips(MOTIONS) if plan.group is Group.ON_THE_FLOOR and plan.entry.label == kind]
        assert {plan.view for plan in plans} == set(VIEWS)


def test_only_push_ups_and_actions_of_ours_may_be_called() -> None:
    allowed = {(plan.entry.label, plan.allowed) for plan in plan_clips(MOTIONS)}
    assert allowed >= {("push_up", ("pushup",)), ("walk", ("walk",)), ("dance", ()), ("lie", ()), ("idle", ())}


def test_a_limited_plan_is_the_beginning_of_the_full_one() -> None:
    full, short = plan_clips(MOTIONS), plan_clips(MOTIONS, limit=2)
    assert len({plan.name for plan in full}) == len(full) == sum(CLIPS.values())
    assert set(short) < set(full)
    assert [sum(plan.group is group for plan in short) for group in Group] == [2] * len(Group)


def test_a_group_without_motions_has_no_clips() -> None:
    assert {plan.group for plan in plan_clips([entry("lie", TRAINED)])} == {Group.ON_THE_FLOOR}
