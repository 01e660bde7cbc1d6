"""What the runtime says of rendered clips is compared with where the person is and what it does."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from edgeact.bundle.load import load_bundle
from edgeact.errors import SourceNotFoundError, UsageError
from tests.tiny_bundle import build_tiny_bundle
from tests.toy_video import write_toy_video
from trainer.cli import app
from trainer.data.studio.action_clips import ActionClipPlan, Group, plan_clips
from trainer.data.studio.motion import MotionEntry
from trainer.evaluate.clips import Seen, Watched
from trainer.evaluate.renders import (
    RenderOutcome,
    followed_share,
    is_right,
    judge,
    kinds_table,
    measure_renders,
    renders_table,
)

PERSON = np.array([10, 10, 30, 50], np.float32)
ELSEWHERE = PERSON + 100


def track(*boxes: np.ndarray | None, labelled: bool = False) -> list[Seen]:
    return [Seen(index, index / 15, box, labelled) for index, box in enumerate(boxes) if box is not None]


def plan(group: Group, label: str, *allowed: str) -> ActionClipPlan:
    return ActionClipPlan(group, 0, MotionEntry("a.npz", label, "made", "a", "CC0"), "level", allowed)


def test_one_track_has_to_be_where_the_person_is_in_half_of_the_frames() -> None:
    boxes = [PERSON] * 4
    assert followed_share(boxes, [track(PERSON, PERSON, ELSEWHERE, None)]) == 0.5
    # Two tracks that share the person's time are no single person followed.
    assert followed_share(boxes, [track(PERSON), track(None, PERSON, ELSEWHERE)]) == 0.25
    assert followed_share(boxes, [track(np.add(PERSON, [0, 0, 0, 38], dtype=np.float32))]) == 0.25  # IoU .51
    assert followed_share(boxes, [track(np.add(PERSON, [0, 0, 0, 42], dtype=np.float32))]) == 0.0  # IoU .49
    assert followed_share(boxes, []) == 0.0
    assert followed_share([None, None, PERSON, PERSON], [track(PERSON, PERSON, PERSON, PERSON)]) == 0.5


def test_lying_people_are_to_be_followed_and_others_to_be_called_what_they_do() -> None:
    followed, lost = RenderOutcome(0.5, (), 0, None), RenderOutcome(0.4, (), 0, None)
    lying = plan(Group.ON_THE_FLOOR, "lie")
    assert (is_right(lying, followed), is_right(lying, lost)) == (True, False)
    push_ups = plan(Group.PUSH_UPS, "push_up", "pushup")
    assert not is_right(push_ups, followed)
    assert is_right(push_ups, replace(lost, events=("situp", "pushup")))
    dance = plan(Group.OTHER_UNSEEN, "dance")
    assert [is_right(dance, one) for one in (followed, lost, replace(followed, events=("jump",)))] == [
        True,
        False,
        False,
    ]


def test_walking_is_no_fault_where_people_walk_too() -> None:
    watched = Watched(("walk", "wave"), (tuple(track(PERSON, labelled=True)),), frames=1)
    assert judge(plan(Group.OTHER_UNSEEN, "basketball_dribble"), [PERSON], watched).events == ("wave",)
    assert judge(plan(Group.OTHER_UNSEEN, "wipe_window"), [PERSON], watched).events == ("walk", "wave")
    assert judge(plan(Group.OURS_UNSEEN, "walk", "walk"), [PERSON], watched).events == ("walk", "wave")


def write_studio(data: Path) -> tuple[MotionEntry, ...]:
    (data / "studio/motion").mkdir(parents=True)
    text = "file,label,source,clip,license\nlie.npz,lie,made,lie,CC0\npush.npz,push_up,made,push,CC0\n"
    (data / "studio/motion/manifest.csv").write_text(text)
    return (MotionEntry("lie.npz", "lie", "made", "lie", "CC0"), MotionEntry("push.npz", "push_up", "made", "p", "CC0"))


def write_rendered(folder: Path, plans: Sequence[ActionClipPlan]) -> None:
    """Videos of the toy world with a person in the same place, under the names of planned clips."""
    folder.mkdir(parents=True)
    for clip in plans:
        video = write_toy_video(folder / f"{clip.name}.mp4")
        line = json.dumps({"persons": [{"id": 1, "box": PERSON.tolist(), "whole": PERSON.tolist(), "visible": 1.0}]})
        video.with_suffix(".jsonl").write_text(f"{line}\n" * 10)


def test_every_clip_of_the_work_folder_is_watched_and_judged(tmp_path: Path) -> None:
    entries = write_studio(tmp_path / "data")
    write_rendered(tmp_path / "work/seed_3", plan_clips(entries, limit=1))
    figures = measure_renders(
        load_bundle(build_tiny_bundle(tmp_path / "bundle")),
        tmp_path / "data",
        tmp_path / "work",
        seed=3,
        limit=1,
        progress=lambda items, _: items,
    )
    assert [row["clips"] for row in figures["groups"].values()] == [1, 1]
    assert {row["mark"] for row in figures["groups"].values()} == {0.95, 0.85}
    assert all(row["reached"] == (row["right"] == 1) for row in figures["groups"].values())
    assert [clip["kind"] for clip in figures["clips"]] == ["lie", "push_up"]
    assert json.loads(json.dumps(figures))["seed"] == 3
    assert [row[0] for row in renders_table(figures).rows] == [Group.ON_THE_FLOOR.value, Group.PUSH_UPS.value]
    assert [row[0] for row in kinds_table(figures).rows] == ["people on the floor: lie", "push-ups: push_up"]


def test_a_missing_studio_and_nothing_to_measure_are_said(tmp_path: Path) -> None:
    bundle = load_bundle(build_tiny_bundle(tmp_path / "bundle"))
    with pytest.raises(SourceNotFoundError, match="--data"):
        measure_renders(bundle, tmp_path, tmp_path, seed=0, limit=None, progress=lambda items, _: items)
    result = CliRunner().invoke(app, ["clips", "--no-recorded"])
    assert isinstance(result.exception, UsageError)
    assert "--renders" in str(result.exception)
