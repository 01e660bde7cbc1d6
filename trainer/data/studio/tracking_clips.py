"""Clips with known identities: people of the studio follow a script, and every box has its person's number.

`edgeact train tracking` makes and reads them; `trainer.data.studio.clip_studio` renders them.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from trainer.data.read_picture import read_rgb
from trainer.data.studio.assets import Assets
from trainer.data.studio.backplate import read_picture
from trainer.data.studio.camera import Camera
from trainer.data.studio.clip_studio import ClipStudio
from trainer.data.studio.column import make_column
from trainer.data.studio.light import scene_light
from trainer.data.studio.motion import Motion, load_motion
from trainer.data.studio.scene import Actor, Scene
from trainer.data.studio.tracking_scripts import SCRIPTS, Script, Stage, Walk
from trainer.data.studio.walk_path import walk_path

SIZE = (854, 480)
FRAME_RATE = 25
CLIPS_OF_A_SCRIPT = 4
_SEED = 7
# Places with a floor that people can walk on, by day and by lamplight; the two halves share none.
_PLACES = {
    0: ("bridge", "city", "esplanade", "hall", "lobby", "park"),
    1: ("apartment", "forest", "lab", "night", "venice", "warehouse"),
}
_GAITS = ("cmu8_train__walking_1", "cmu8_test__walking_13", "cmu8_train__walking_30", "cmu8_train__walking_45")
_REST = "m2m_base__Idle_Loop"


@dataclass(frozen=True, slots=True)
class ClipPlan:
    """A clip to be made: the script, its number among those of the script, and the half that it belongs to."""

    script: str
    number: int

    @property
    def name(self) -> str:
        """File name without suffix."""
        return f"{self.script.replace(' ', '_')}_{self.number}"

    @property
    def half(self) -> int:
        """0: limits may be chosen on it; 1: it is only reported."""
        return self.number % 2


def plan_clips(per_script: int = CLIPS_OF_A_SCRIPT) -> tuple[ClipPlan, ...]:
    """All clips."""
    return tuple(ClipPlan(script, number) for script in SCRIPTS for number in range(per_script))


def build_scene(plan: ClipPlan, assets: Assets) -> Scene:
    """The scene of a clip; it depends on the plan and the studio alone."""
    rng = np.random.default_rng([_SEED, list(SCRIPTS).index(plan.script), plan.number])
    places = [plate for plate in assets.backplates if plate.scene in _PLACES[plan.half]]
    # Cameras that look far up or down show no floor to walk on, or nothing else.
    places = [plate for plate in places if abs(plate.pitch) < np.radians(14)]
    backplate = places[rng.integers(len(places))]
    height, zoom = float(rng.uniform(1.5, 2.4)), float(rng.uniform(0.75, 0.85))
    camera = Camera((0.0, height, 0.0), 0.0, float(np.arctan2(height - 0.9, 6.0)), zoom * backplate.field_of_view)
    script = SCRIPTS[plan.script](Stage(float(np.tan(camera.field_of_view / 2))), rng)
    chosen = rng.permutation(len(assets.people))
    people, seen = [], set()
    for index in chosen:  # nobody twice in one clip
        avatar, garments = assets.people[index]
        if avatar.name not in seen:
            seen.add(avatar.name)
            people.append((avatar, garments))
    actors = tuple(
        _actor(assets, person, walk, script, rng) for person, walk in zip(people, script.walks, strict=False)
    )
    columns = tuple(
        make_column(
            read_rgb(assets.tiles[rng.integers(len(assets.tiles))]), position=(x, -depth), width=width, height=3.2
        )
        for x, depth, width in script.columns
    )
    picture, light = read_picture(assets.studio, backplate), scene_light(assets.studio, backplate)
    return Scene(picture, backplate, light, actors, camera, script.seconds, columns=columns)


def _actor(assets: Assets, person: tuple, walk: Walk, script: Script, rng: np.random.Generator) -> Actor:
    avatar, garments = person
    gait = _motion(assets, _GAITS[rng.integers(len(_GAITS))])
    rest = _motion(assets, _REST)
    motion = walk_path(gait, rest, walk.stops, leg_length=avatar.leg_length, seconds=script.seconds, speed=walk.speed)
    return Actor(avatar, garments, motion, walk.stops[0].place)


def _motion(assets: Assets, name: str) -> Motion:
    return load_motion(assets.studio / "motion" / f"{name}.npz", label="walk")


def tracking_studio(studio: Path, out: Path) -> ClipStudio:
    """Renders the clips into a folder; it belongs into a ``with`` statement."""
    return ClipStudio(studio, out, seed=_SEED, size=SIZE, frame_rate=FRAME_RATE)
