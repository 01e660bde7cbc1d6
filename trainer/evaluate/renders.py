"""The whole runtime on rendered clips, in which it is known where the person is and what it does.

A clip counts as *followed* when one track's boxes have an IoU of at least `SAME_PERSON` with the person's box in at
least `FOLLOWED_SHARE` of all frames. An action is called where an event holds it at any time.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from edgeact.bundle.load import Bundle
from edgeact.errors import SourceNotFoundError
from edgeact.geometry import box_iou
from edgeact.types import Float32
from trainer.data.known_people import KnownPerson, read_frames
from trainer.data.studio.action_clips import ActionClipPlan, Group, plan_clips
from trainer.data.studio.action_scenes import FRAME_RATE, SIZE, build_scene
from trainer.data.studio.clip_studio import ClipStudio
from trainer.data.studio.motion import read_manifest
from trainer.evaluate.clips import Seen, Watched, labelled_time, watch_file
from trainer.evaluate.wild.report import Table
from trainer.evaluate.wild.statistics import share
from trainer.evaluate.wild.survey import Progress

SAME_PERSON = 0.5
FOLLOWED_SHARE = 0.5
MARKS = {
    Group.ON_THE_FLOOR: 0.95,
    Group.PUSH_UPS: 0.85,
    Group.OURS_UNSEEN: 0.75,
    Group.OURS_SEEN: 0.75,
    Group.OTHER_UNSEEN: 0.90,
    Group.OTHER_SEEN: 0.90,
}


@dataclass(frozen=True, slots=True)
class RenderOutcome:
    """What the runtime said of a rendered clip.

    Attributes:
        followed: Share of the frames in which the best track is where the person is.
        events: Labels of the events; without those that the plan ignores.
        labelled: Of the frames of the busiest track, the share that shows a label.
        delay: Seconds from the start of that track to its first label; None without one.
    """

    followed: float
    events: tuple[str, ...]
    labelled: float
    delay: float | None

    @property
    def is_followed(self) -> bool:
        """Whether one track is where the person is for long enough."""
        return self.followed >= FOLLOWED_SHARE


def followed_share(boxes: Sequence[Float32 | None], tracks: Sequence[Sequence[Seen]]) -> float:
    """Ratio of the frames of a clip in which its best track is where the person is.

    Args:
        boxes: The person's true box ``(4,)`` in every frame; None where nothing of the person is seen.
        tracks: What was followed.
    """
    best = 0
    for track in tracks:
        known = [(seen.box, boxes[seen.index]) for seen in track if seen.index < len(boxes)]
        hits = [float(box_iou(found[None], true[None])[0, 0]) for found, true in known if true is not None]
        best = max(best, sum(iou >= SAME_PERSON for iou in hits))
    return best / max(len(boxes), 1)


def judge(plan: ActionClipPlan, boxes: Sequence[Float32 | None], watched: Watched) -> RenderOutcome:
    """Compare what the runtime said with what was rendered."""
    labelled, delay = labelled_time(watched.tracks)
    events = tuple(event for event in watched.events if event not in plan.ignored)
    return RenderOutcome(followed_share(boxes, watched.tracks), events, labelled, delay)


def is_right(plan: ActionClipPlan, outcome: RenderOutcome) -> bool:
    """People on the floor are followed, actions of ours are called, and in other clips a followed person is not."""
    if plan.group is Group.ON_THE_FLOOR:
        return outcome.is_followed
    if plan.allowed:
        return any(event in plan.allowed for event in outcome.events)
    return outcome.is_followed and not outcome.events


def measure_renders(
    bundle: Bundle, data: Path, work: Path, *, seed: int, limit: int | None, progress: Progress
) -> dict[str, Any]:
    """Render the clips that a work folder lacks, and run the runtime over all of them.

    Args:
        bundle: What is measured.
        data: Folder of the data sets, which holds ``studio``.
        work: Where clips are kept.
        seed: Of bodies, clothes, places and cameras; each seed has its own folder in ``work``.
        limit: At most so many clips a group.
        progress: Gives the items of a sequence while it shows how far it is.

    Returns:
        ``groups`` with counts, the share that is right and its mark, and ``clips`` with what was said of each.

    Raises:
        SourceNotFoundError: There is no studio in ``data``.
        EglUnavailableError: This machine cannot render.
        OutputError: ``work`` cannot be written to.
    """
    studio = data / "studio"
    if not (studio / "motion" / "manifest.csv").exists():
        raise SourceNotFoundError(f"{studio} holds no studio; give the folder of the data sets with --data")
    plans = plan_clips(read_manifest(studio), limit=limit)
    rows = []
    with ClipStudio(studio, work / f"seed_{seed}", seed=seed, size=SIZE, frame_rate=FRAME_RATE) as clips:
        for plan in progress(plans, "rendered clips"):
            video = clips.make(plan.name, partial(build_scene, plan, seed=seed))
            boxes = [_only_box(frame) for frame in read_frames(video.with_suffix(".jsonl"))]
            rows.append((plan, judge(plan, boxes, watch_file(bundle, video))))
    return {
        "bundle": f"{bundle.manifest.name} {bundle.manifest.version}, digest {bundle.digest[:12]}",
        "seed": seed,
        "groups": {group.value: _group_row(group, rows) for group in Group if any(p.group is group for p, _ in rows)},
        "clips": [_clip_row(plan, outcome) for plan, outcome in rows],
    }


def _only_box(persons: tuple[KnownPerson, ...] | None) -> Float32 | None:
    return persons[0].box if persons else None


def _clip_row(plan: ActionClipPlan, outcome: RenderOutcome) -> dict[str, Any]:
    return {
        "file": f"{plan.name}.mp4",
        "motion": plan.entry.name,
        "kind": plan.entry.label,
        "view": plan.view,
        "allowed": plan.allowed,
        "right": is_right(plan, outcome),
        **asdict(outcome),
    }


def _group_row(group: Group, rows: Sequence[tuple[ActionClipPlan, RenderOutcome]]) -> dict[str, Any]:
    own = [(plan, outcome) for plan, outcome in rows if plan.group is group]
    right = [is_right(plan, outcome) for plan, outcome in own]
    wrong = [
        bool(outcome.events) and not any(event in plan.allowed for event in outcome.events) for plan, outcome in own
    ]
    delays = [outcome.delay for _, outcome in own if outcome.delay is not None]
    estimate = share(right, np.ones(len(right)))
    return {
        "clips": len(own),
        "followed": sum(outcome.is_followed for _, outcome in own),
        "right": sum(right),
        "wrong": sum(wrong),
        "nothing": sum(not outcome.events for _, outcome in own),
        "labelled": float(np.mean([outcome.labelled for _, outcome in own])),
        "delay": float(np.median(delays)) if delays else None,
        "share": asdict(estimate),
        "mark": MARKS[group],
        "reached": estimate.value >= MARKS[group],
    }


def renders_table(figures: dict[str, Any]) -> Table:
    """A row a group: what is right in it beside its mark."""
    rows = []
    for name, row in figures["groups"].items():
        delay = "–" if row["delay"] is None else f"{row['delay']:.2f} s"
        interval = row["share"]
        right = f"{100 * interval['value']:.0f} ({100 * interval['low']:.0f}–{100 * interval['high']:.0f}) %"
        counts = [str(row[key]) for key in ("clips", "followed", "wrong", "nothing")]
        mark = f"≥ {100 * row['mark']:.0f} %" + ("" if row["reached"] else ", missed")
        rows.append((name, *counts, f"{100 * row['labelled']:.0f} %", delay, right, mark))
    columns = ("clips of", "clips", "followed", "wrong", "nothing", "labelled", "first after", "right", "mark")
    return Table(f"Rendered clips: {figures['bundle']}, seed {figures['seed']}", columns, tuple(rows))


def kinds_table(figures: dict[str, Any]) -> Table:
    """A row a kind of motion and a column a view: how many clips are right of how many, and what was called."""
    rows = []
    for group in Group:
        clips = [clip for clip in figures["clips"] if clip["file"].startswith(f"{group.name.lower()}_")]
        for kind in sorted({clip["kind"] for clip in clips}):
            own = [clip for clip in clips if clip["kind"] == kind]
            views = [_right_of(own, view) for view in ("level", "high", "above")]
            called = sorted({event for clip in own for event in clip["events"]})
            rows.append((f"{group.value}: {kind}", *views, ", ".join(called) or "–"))
    columns = ("motion", "eye level", "high up", "from above", "called")
    return Table("Rendered clips that are right, by motion and camera", columns, tuple(rows))


def _right_of(clips: Sequence[dict[str, Any]], view: str) -> str:
    own = [clip["right"] for clip in clips if clip["view"] == view]
    return f"{sum(own)} of {len(own)}" if own else "–"
