"""Render pictures of single people whose joints in 3D are known exactly, for poses to be learnt from and measured on.

Every fourth motion, person and place measures, as for the clips of `studio_clips`; the motions are of all kinds of
which the studio has four. A clip is seen near (`close_up`), and gives a few pictures, evenly over its time.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

from edgeact.atomic import prepare_partial, publish
from edgeact.errors import OutputError, SourceNotFoundError
from trainer.claims.studio_clips import MEASURES_EVERY, assets_apart, near_scene, plan_studio_clips
from trainer.data.sets.studio_poses import POSES_FILE, SIDE
from trainer.data.studio.action_clips import ActionClipPlan
from trainer.data.studio.assets import load_assets
from trainer.data.studio.motion import MotionEntry, read_manifest
from trainer.data.studio.render import Renderer
from trainer.data.studio.scene import render_scene

PICTURES = 3  # of a clip
_QUALITY = 95
_SEED = 0


def kinds_of_motion(entries: Sequence[MotionEntry]) -> dict[str, tuple[str, ...]]:
    """The labels of which there are motions enough for some to measure, each as a kind of its own."""
    counts = Counter(entry.label for entry in entries)
    return {label: (label,) for label in sorted(counts) if counts[label] >= MEASURES_EVERY}


def render_studio_poses(
    studio: Path, out: Path, *, training: int, measured: int, progress: Callable[[Sequence, str], Iterable]
) -> None:
    """Render the pictures and write `trainer.data.sets.studio_poses`' layout; does nothing where it is complete.

    Args:
        studio: The studio's folder.
        out: Where the pictures go.
        training: Clips of each kind of motion to train with.
        measured: Clips of each kind to measure with.
        progress: Gives items one after the other and shows how far it is.

    Raises:
        SourceNotFoundError: The studio is missing.
        EglUnavailableError: This machine cannot render.
        OutputError: The folder cannot be written to.
    """
    if (out / POSES_FILE).is_file():
        return
    try:
        entries = read_manifest(studio)
        plans = plan_studio_clips(entries, kinds_of_motion(entries), training=training, measured=measured)
        out.mkdir(parents=True, exist_ok=True)
        rows = list(_rendered(plans, studio, out, progress))
    except FileNotFoundError as error:
        raise SourceNotFoundError(f"the studio in {studio} is not complete ({error}); check --data") from error
    with prepare_partial(out / POSES_FILE).open("wb") as file:
        np.savez_compressed(file, **{name: np.array([row[name] for row in rows]) for name in rows[0]})
    publish(out / POSES_FILE)


def _rendered(
    plans: Sequence[tuple[ActionClipPlan, bool]],
    studio: Path,
    out: Path,
    progress: Callable[[Sequence, str], Iterable],
) -> Iterator[dict[str, object]]:
    """Write the pictures, and give what is known of each."""
    size, assets = (SIDE, SIDE), load_assets(studio, seed=_SEED)
    own = {measures: assets_apart(assets, measures=measures) for measures in (False, True)}
    with Renderer(size) as renderer:
        for plan, measures in progress(plans, "clips of the studio"):
            scene = near_scene(plan, own[measures])
            focal = float(scene.camera.intrinsics(size)[0, 0])
            frames = render_scene(scene, size=size, renderer=renderer, frame_rate=PICTURES / scene.seconds)
            for number, frame in enumerate(frames):
                if not frame.persons or not frame.persons[0].joints[:, 2].all():
                    continue  # nobody could say where a joint outside the picture is
                person, name = frame.persons[0], f"{plan.number:05d}_{number}.jpg"
                _write_picture(out / name, frame.image)
                yield {
                    "picture": name,
                    "source": f"{plan.number:05d}_{plan.entry.name}",
                    "measures": measures,
                    "boxes": person.box,
                    "joints": person.joints[:, :2],
                    "visible": person.joints[:, 2] > 0,
                    "joints_3d": person.joints_3d,
                    "focal": focal,
                }


def _write_picture(path: Path, image: np.ndarray) -> None:
    bgr = np.ascontiguousarray(image[..., ::-1])
    if not cv2.imwrite(str(path), bgr, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY]):
        raise OutputError(f"{path} cannot be written; choose another folder with --work")
