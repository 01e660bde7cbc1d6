"""What the studio's scenes are made of: dressed people, motions, places and surfaces."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from trainer.data.studio.avatar import Avatar, load_avatar
from trainer.data.studio.backplate import Backplate, read_backplates
from trainer.data.studio.motion import MotionEntry, read_manifest
from trainer.data.studio.wardrobe import Garment, own_clothes, tiled_clothes

_TILED_OUTFITS = 60  # dressed once and used again: enough that no two clips look alike
# Rigs without bones for the face, and rigs whose skin does not fit their bones.
_UNUSABLE_RIGS = frozenset(
    {"Female_Adult_10", "Female_Adult_14", "Female_Adult_16", "Male_Adult_19", "Police_Female_01", "Police_Male_02"}
)


@dataclass(frozen=True, slots=True, eq=False)
class Assets:
    """Dressed people, motions by label, places and surfaces that a scene is made of; read once."""

    studio: Path
    people: tuple[tuple[Avatar, tuple[Garment, ...]], ...]
    motions: dict[str, list[MotionEntry]]
    backplates: tuple[Backplate, ...]
    tiles: tuple[Path, ...]


def load_assets(studio: Path, *, seed: int) -> Assets:
    """Read avatars, dress those that have no clothes, and list motions by label.

    Raises:
        FileNotFoundError: The studio folder is not complete.
    """
    rng = np.random.default_rng([seed, 1])
    own = [load_avatar(path) for path in sorted((studio / "avatars").glob("*.npz"))]
    people = [(avatar, own_clothes(avatar, studio / "avatars" / "textures")) for avatar in own]
    rigs = [
        path
        for path in sorted((studio / "avatars_untextured").glob("*.npz"))
        if "Child" not in path.stem and path.stem not in _UNUSABLE_RIGS
    ]
    if not people or not rigs:
        raise FileNotFoundError(f"no avatars under {studio}; --data must name the folder that holds studio/avatars")
    dressed = [
        load_avatar(rigs[index]) for index in rng.choice(len(rigs), min(_TILED_OUTFITS, len(rigs)), replace=False)
    ]
    # The avatars with their own clothes are the more real ones: each is listed four times.
    people = people * 4 + [(avatar, tiled_clothes(avatar, studio, rng)) for avatar in dressed]
    motions: dict[str, list[MotionEntry]] = {}
    for entry in read_manifest(studio):
        motions.setdefault(entry.label, []).append(entry)
    tiles = tuple(sorted((studio / "textures").glob("*.jpg")))
    return Assets(studio, tuple(people), motions, tuple(read_backplates().values()), tiles)
