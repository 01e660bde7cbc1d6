"""The clip that edgeact shows itself with: avatars doing several actions in several places, rendered by the studio.

    python -m trainer.data.studio.demo_clip --data DATA --out edgeact/assets

Writes ``demo.mp4`` (H.264, 25 frames a second) and ``demo_credits.md``.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from rich.progress import track

from edgeact.atomic import prepare_partial, publish
from edgeact.types import UInt8
from trainer.data.studio.avatar import load_avatar
from trainer.data.studio.backplate import read_backplates, read_picture
from trainer.data.studio.camera import Camera
from trainer.data.studio.light import scene_light
from trainer.data.studio.motion import Motion, MotionEntry, load_motion, read_manifest
from trainer.data.studio.render import Renderer
from trainer.data.studio.scene import Actor, Scene, render_scene
from trainer.data.studio.wardrobe import own_clothes

SIZE = (854, 480)
FRAME_RATE = 25
_QUALITY = "25"  # x264's constant rate factor: the clip stays under 3 MB


@dataclass(frozen=True, slots=True)
class Role:
    """Who does what where: avatar, motion, place on the floor in metres (the camera is at 0, 0 and looks along -Z),
    heading in radians.
    """

    avatar: str
    motion: str
    position: tuple[float, float]
    heading: float = 0.0
    start: float = 0.0


@dataclass(frozen=True, slots=True)
class Shot:
    """One place and its people, for some seconds."""

    backplate: str
    roles: tuple[Role, ...]
    seconds: float
    camera_height: float = 1.5
    pitch: float = 0.11
    zoom: float = 0.72  # share of the photograph's field of view


SHOTS = (
    Shot(
        "city_07",
        (
            Role("Male_Adult_04", "m2m_addon__Jumping_Jacks", (-1.0, -4.2), 0.1),
            Role("Female_Adult_05", "quat__Wave", (1.0, -4.4), -0.15),
        ),
        4.0,
    ),
    Shot(
        "park_03",
        (
            Role("Female_Adult_01", "cmu8_train__walking_1", (-2.6, -5.0), np.pi / 2),
            Role("Male_Adult_06", "cmu8_train__walking_1", (2.4, -6.2), -np.pi / 2, 0.4),
        ),
        4.0,
        pitch=0.06,
        zoom=0.74,
    ),
    Shot(
        "hall_09",
        (
            Role("Male_Adult_09", "m2m_addon__Fighting_Right_Jab", (-0.8, -4.0), 0.9),
            Role("Female_Adult_12", "m2m_addon__Fighting_Left_Jab", (0.9, -4.1), -0.9),
        ),
        4.0,
    ),
    Shot(
        "warehouse_11",
        (
            Role("Female_Adult_09", "quat__Kick_Right", (-0.9, -4.3), 0.9),
            Role("Male_Adult_01", "cmu8_train__jumping_5", (1.1, -4.6), -0.5),
        ),
        4.0,
        zoom=0.85,
    ),
)


def repeated(motion: Motion, *, seconds: float) -> Motion:
    """The motion over and over until it fills some seconds; each time it goes on from the floor place where it was."""
    length = len(motion.hips)
    times = max(1, int(np.ceil(seconds * motion.frame_rate / length)) + 1)
    step = (motion.hips[-1] - motion.hips[0]) * [1, 0, 1]
    hips = np.concatenate([motion.hips + index * step for index in range(times)])
    return replace(motion, rotations=np.tile(motion.rotations, (times, 1, 1)), hips=hips)


def render_shot(studio: Path, shot: Shot, renderer: Renderer) -> Iterator[UInt8]:
    """The shot's pictures ``(H, W, 3)`` uint8 RGB.

    Raises:
        FileNotFoundError: The studio folder lacks an avatar, a motion or the place.
    """
    entries = {entry.name: entry for entry in read_manifest(studio)}
    backplate = read_backplates()[shot.backplate]
    actors = []
    for role in shot.roles:
        avatar = load_avatar(studio / "avatars" / f"{role.avatar}.npz")
        entry = _entry(entries, role.motion)
        motion = repeated(
            load_motion(studio / "motion" / entry.file, label=entry.label), seconds=role.start + shot.seconds
        )
        clothes = own_clothes(avatar, studio / "avatars" / "textures")
        actors.append(Actor(avatar, clothes, motion, role.position, role.heading, role.start))
    camera = Camera((0.0, shot.camera_height, 0.0), 0.0, shot.pitch, shot.zoom * backplate.field_of_view)
    scene = Scene(
        read_picture(studio, backplate), backplate, scene_light(studio, backplate), tuple(actors), camera, shot.seconds
    )
    for frame in render_scene(scene, size=renderer.size, renderer=renderer, frame_rate=FRAME_RATE):
        yield frame.image


def _entry(entries: dict[str, MotionEntry], name: str) -> MotionEntry:
    if name not in entries:
        raise FileNotFoundError(f"the studio has no motion {name!r}; its manifest lists {len(entries)} others")
    return entries[name]


def write_clip(studio: Path, out: Path, shots: tuple[Shot, ...] = SHOTS) -> None:
    """Render the shots one after the other and write clip and credits into a folder."""
    target = out / "demo.mp4"
    partial = f"file:{prepare_partial(target)}"
    options = {"movflags": "+faststart"}
    with av.open(partial, "w", format="mp4", options=options) as container, Renderer(SIZE) as renderer:
        stream = container.add_stream("libx264", rate=FRAME_RATE, options={"crf": _QUALITY, "preset": "slow"})
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        stream.time_base = Fraction(1, FRAME_RATE)
        for shot in shots:
            for image in track(
                render_shot(studio, shot, renderer), total=round(shot.seconds * FRAME_RATE), description=shot.backplate
            ):
                container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode(None))
    publish(target)
    (out / "demo_credits.md").write_text(credits_text(studio, shots), encoding="utf-8")


def credits_text(studio: Path, shots: tuple[Shot, ...]) -> str:
    """Where everything in the clip comes from, as Markdown."""
    entries = {entry.name: entry for entry in read_manifest(studio)}
    used = sorted({role.motion for shot in shots for role in shot.roles})
    motions = "\n".join(f"- `{name}`: {entries[name].licence or entries[name].source}" for name in used)
    avatars = ", ".join(f"`{name}`" for name in sorted({role.avatar for shot in shots for role in shot.roles}))
    places = ", ".join(f"`{shot.backplate}`" for shot in shots)
    return f"""# Credits of demo.mp4

Rendered by `trainer/data/studio/demo_clip.py`; nobody in it exists.

People: {avatars} of the Microsoft Rocketbox avatar library (MIT licence).

Places: {places}, crops of panoramas of Poly Haven (CC0).

Movements:

{motions}

CMU: "The data used in this project was obtained from mocap.cs.cmu.edu.
The database was created with funding from NSF EIA-0196217."
"""


def _main() -> None:
    parser = argparse.ArgumentParser(description="Render the demo clip.")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    write_clip(options.data / "studio", options.out)


if __name__ == "__main__":
    _main()
