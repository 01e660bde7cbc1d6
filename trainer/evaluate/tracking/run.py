"""The measurement: known clips, trackers side by side, and the figures by group and half."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from edgeact.bundle.load import Bundle
from trainer.data.known_people import KnownClip, read_frames
from trainer.data.studio.tracking_clips import ClipPlan, build_scene, plan_clips, tracking_studio
from trainer.evaluate.tracking.followers import Followed, detect_clip, follow_with_bytetrack, follow_with_edgeact
from trainer.evaluate.tracking.scores import score_tracking
from trainer.evaluate.wild.report import Table
from trainer.evaluate.wild.survey import Progress
from trainer.precomputed.teacher_tracks import CheckedClip, TrackTeacher, read_checked, write_tracks

OURS, BYTETRACK = "edgeact", "ByteTrack, detector on every frame"
OURS_SEEN, BYTETRACK_SEEN = "edgeact, where its detector ran", "ByteTrack, the same frames"
HALVES = ("choose", "report")


def studio_clips(plans: Sequence[ClipPlan], folder: Path) -> list[KnownClip]:
    """The studio's clips that lie in a folder (see `tracking_studio`)."""
    return [
        KnownClip(
            f"studio {plan.name}",
            f"studio: {plan.script}",
            plan.half,
            folder / f"{plan.name}.mp4",
            read_frames(folder / f"{plan.name}.jsonl"),
        )
        for plan in plans
    ]


def ut_clips(data: Path, folder: Path, clips: Sequence[CheckedClip]) -> list[KnownClip]:
    """Clips of UT-Interaction, whose tracks lie in a folder (see `write_tracks`)."""
    return [
        KnownClip(
            f"UT-Interaction {Path(clip.file).stem}",
            "UT-Interaction",
            half_of(clip),
            data / "ut_interaction" / "clips" / clip.file,
            read_frames(folder / Path(clip.file).with_suffix(".jsonl").name),
        )
        for clip in clips
    ]


def known_clips(
    data: Path,
    teachers: Path,
    work: Path,
    *,
    half: int | None,
    per_script: int,
    progress: Progress,
) -> list[KnownClip]:
    """Make all known clips that a work folder does not hold yet, and read them.

    Args:
        data: Folder of the data sets.
        teachers: Folder of the teacher networks.
        work: Where clips and labels are kept.
        half: Only this half; None takes both.
        per_script: Studio clips of each script.
        progress: Shows how far it is.

    Raises:
        SourceNotFoundError: A clip of UT-Interaction is missing.
        FileNotFoundError: The studio folder is not complete.
        EglUnavailableError: This machine cannot render.
    """
    plans = [plan for plan in plan_clips(per_script) if half in (None, plan.half)]
    with tracking_studio(data / "studio", work / "studio") as studio:
        for plan in progress(plans, "rendering"):
            studio.make(plan.name, partial(build_scene, plan))
    tracks = work / "ut_interaction"
    checked = [clip for clip in read_checked() if half in (None, half_of(clip))]
    teacher = TrackTeacher(teachers)
    for clip in progress(checked, "teacher's tracks"):
        write_tracks(data, tracks, clip, teacher)
    return [*studio_clips(plans, work / "studio"), *ut_clips(data, tracks, checked)]


def half_of(clip: CheckedClip) -> int:
    """0 for odd sequences of UT-Interaction, 1 for even ones: no sequence is in both halves."""
    return (clip.sequence + 1) % 2


def measure_tracking(bundle: Bundle, clips: Sequence[KnownClip], *, kept: Path, progress: Progress) -> dict[str, Any]:
    """Follow the people of every clip with every tracker, and score what each reported.

    Args:
        bundle: With detector and pose graph.
        clips: Of both halves or of one.
        kept: Folder where the detector's boxes are kept.
        progress: Shows how far it is.

    Returns:
        ``bundle``, and by half (see `HALVES`), tracker and group, with the group "all" first, the scores
        (`TrackingScore`). The trackers "where its detector ran" are scored on those frames alone.

    Raises:
        SourceNotFoundError: A clip is missing.
    """
    rows: dict[str, list[tuple[KnownClip, Followed]]] = {}
    for clip in progress(clips, "known clips"):
        for tracker, seen, followed in follow_clip(bundle, clip, kept=kept):
            rows.setdefault(tracker, []).append((seen, followed))
    return {
        "bundle": f"{bundle.manifest.name} {bundle.manifest.version}, digest {bundle.digest[:12]}",
        "halves": {
            name: {
                tracker: scores_by_group([row for row in found if row[0].half == half])
                for tracker, found in rows.items()
            }
            for half, name in enumerate(HALVES)
            if any(clip.half == half for clip in clips)
        },
    }


def follow_clip(bundle: Bundle, clip: KnownClip, *, kept: Path) -> list[tuple[str, KnownClip, Followed]]:
    """What each tracker reports of a clip, with the frames on which it is scored."""
    found = detect_clip(bundle, clip.path, kept=kept)
    score = bundle.plan.detection.score
    ours = follow_with_edgeact(bundle, clip.path)
    seen = replace(
        clip, frames=tuple(frame if ran else None for frame, ran in zip(clip.frames, ours.detected, strict=True))
    )
    return [
        (OURS, clip, ours),
        (BYTETRACK, clip, follow_with_bytetrack(found, score=score)),
        (OURS_SEEN, seen, ours),
        (BYTETRACK_SEEN, seen, follow_with_bytetrack(found, score=score, detected=ours.detected)),
    ]


def scores_by_group(rows: Sequence[tuple[KnownClip, Followed]]) -> dict[str, dict[str, float | int]]:
    """The score over all clips and of each group by itself."""
    groups = dict.fromkeys(clip.group for clip, _ in rows)
    chosen = {"all": rows} | {group: [row for row in rows if row[0].group == group] for group in groups}
    return {
        group: score_tracking([(clip, followed.frames) for clip, followed in some]).as_dict()
        for group, some in chosen.items()
    }


def tracking_tables(figures: dict[str, Any]) -> list[Table]:
    """A table for each half: the trackers over all clips; and one of the shipped settings by group."""
    columns = (
        "",
        "people",
        "numbers",
        "shared",
        "switches",
        "HOTA",
        "DetA",
        "AssA",
        "LocA",
        "IDF1",
        "found",
        "precision",
    )
    tables = []
    for half, trackers in figures["halves"].items():
        rows = tuple(_row(tracker, scores["all"]) for tracker, scores in trackers.items())
        tables.append(Table(f"Identities, half {half!r}, all clips", columns, rows))
        grouped = tuple(
            _row(f"{group}: {tracker}", trackers[tracker][group])
            for group in trackers[OURS]
            if group != "all"
            for tracker in (OURS, BYTETRACK)
        )
        tables.append(Table(f"Identities, half {half!r}, by what happens", columns, grouped))
    return tables


def _row(name: str, score: dict[str, Any]) -> tuple[str, ...]:
    counts = tuple(str(score[key]) for key in ("people", "numbers", "shared", "switches"))
    ratios = tuple(f"{100 * score[key]:.1f}" for key in ("hota", "deta", "assa", "loca", "idf1", "recall", "precision"))
    return (name, *counts, *ratios)
