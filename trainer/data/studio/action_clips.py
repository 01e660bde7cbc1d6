"""Which short clips of single people measure the runtime: people on the floor, push-ups, actions of ours, others.

A plan says what is done, from which kind of view, and what may be called; `trainer.data.studio.action_scenes` makes a
scene of it. The action network did not learn from these motions, but for those actions of ours of which there are no
others: they are a group of their own. Everybody on the floor may have been learned from, by the action network.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from trainer.data.action_sequences import OTHER, is_unseen_other, studio_action_split, studio_actions
from trainer.data.studio.motion import MotionEntry


class Group(str, Enum):
    """What a clip is asked about; the value is the group's row in tables.

    "Seen" is what the action network trained on; of the others of seen kinds it did not see the motions themselves, and
    of those of unseen recordings nobody who moves in them.
    """

    ON_THE_FLOOR = "people on the floor"
    PUSH_UPS = "push-ups"
    OURS_UNSEEN = "our actions, unseen motions"
    OURS_SEEN = "our actions, seen motions"
    OTHER_UNSEEN = "others, unseen kinds or recordings"
    OTHER_SEEN = "others, seen kinds"


VIEWS = ("level", "high", "above")

# How many clips a full run renders. 40 and 24 tell 95 % and 85 % from what lies ten points below, most of the time.
CLIPS = {
    Group.ON_THE_FLOOR: 40,
    Group.PUSH_UPS: 24,
    Group.OURS_UNSEEN: 20,
    Group.OURS_SEEN: 16,
    Group.OTHER_UNSEEN: 24,
    Group.OTHER_SEEN: 16,
}
_ON_THE_FLOOR = ("lie", "lie_down", "sit_floor", "fall", "push_up")
_PUSH_UP = "push_up"
# Parts of a motion: nobody could name it by them, or it ends in mid-stride and would be held there.
_INCOMPLETE = frozenset(
    {
        "kaykit__Dodge_Forward",
        "m2m_base__Jump_Land",
        "m2m_base__Jump_Loop",
        "m2m_base__Jump_Start",
        "m2m_base__Punch_Enter",
    }
)
# People walk in these too: "walk" is neither right nor wrong.
_WALKED_TOO = frozenset({"basketball_dribble", "crouch_walk", "kick_ball", "sneak"})


@dataclass(frozen=True, slots=True)
class ActionClipPlan:
    """A clip to be rendered and measured.

    Attributes:
        group: What it is asked about.
        number: Its place among the clips of the group.
        entry: The motion.
        view: One of `VIEWS`.
        allowed: Actions that may be called; empty where nothing may.
    """

    group: Group
    number: int
    entry: MotionEntry
    view: str
    allowed: tuple[str, ...]

    @property
    def ignored(self) -> tuple[str, ...]:
        """Actions that are neither right nor wrong in this clip."""
        return ("walk",) if self.entry.label in _WALKED_TOO else ()

    @property
    def name(self) -> str:
        """File name without suffix; another motion has another name, so that no old clip is taken for a new one."""
        return f"{self.group.name.lower()}_{self.number:02d}_{self.entry.label}_{self.view}_{self.entry.name}"


def plan_clips(entries: Iterable[MotionEntry], *, limit: int | None = None) -> tuple[ActionClipPlan, ...]:
    """The clips of every group, the kinds of motion of a group in turn, and so the motions of a kind and the views.

    Args:
        entries: The studio's motions.
        limit: At most so many clips a group; they are the first ones of the full plan.
    """
    groups: dict[Group, list[MotionEntry]] = {group: [] for group in Group}
    for entry in entries:
        for group in _groups_of(entry):
            groups[group].append(entry)
    unseen = {studio_actions(entry.label) for entry in groups[Group.OURS_UNSEEN]}
    groups[Group.OURS_SEEN] = [e for e in groups[Group.OURS_SEEN] if studio_actions(e.label) not in unseen]
    plans: list[ActionClipPlan] = []
    for group, members in groups.items():
        count = CLIPS[group] if limit is None else min(limit, CLIPS[group])
        for number, entry in enumerate(_in_turn(members, count)):
            kinds = len({member.label for member in members})
            view = VIEWS[
                (number + number // kinds) % len(VIEWS)
            ]  # a kind is seen from all sides, whatever their number
            allowed = tuple(action for action in studio_actions(entry.label) if action != OTHER)
            plans.append(ActionClipPlan(group, number, entry, view, allowed))
    return tuple(plans)


def _groups_of(entry: MotionEntry) -> list[Group]:
    """The groups that a motion can be in. A motion that nobody could tell from an action of ours is in none."""
    groups = [Group.ON_THE_FLOOR] if entry.label in _ON_THE_FLOOR else []
    if entry.name in _INCOMPLETE:
        return groups
    actions = studio_actions(entry.label)
    trained = studio_action_split(entry) == "train"
    if entry.label == _PUSH_UP:
        groups.append(Group.PUSH_UPS)
    elif actions == (OTHER,):
        if not trained:
            groups.append(Group.OTHER_UNSEEN if is_unseen_other(entry) else Group.OTHER_SEEN)
    elif OTHER not in actions:
        groups.append(Group.OURS_SEEN if trained else Group.OURS_UNSEEN)
    return groups


def _in_turn(members: Sequence[MotionEntry], count: int) -> list[MotionEntry]:
    """``count`` motions: one of each kind, then the next one of each kind, and from the first again."""
    kinds: dict[str, list[MotionEntry]] = {}
    for entry in sorted(members, key=lambda entry: (entry.label, entry.name)):
        kinds.setdefault(entry.label, []).append(entry)
    labels = sorted(kinds)
    return (
        [
            kinds[label][turn % len(kinds[label])]
            for turn, label in ((number // len(labels), labels[number % len(labels)]) for number in range(count))
        ]
        if labels
        else []
    )
