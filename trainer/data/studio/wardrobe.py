"""What an avatar wears: its own textures, or, where it has none, fabrics tiled over sleeves, trousers and shoes."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from edgeact.types import UInt8
from trainer.data.studio.avatar import Avatar

TEXTURE_SIDE = 512  # people are at most some 600 pixels tall in the picture: 1024 would only cost time
_FABRICS = ("Fabric_*.jpg", "Carpet_*.jpg", "Wallpaper_*.jpg")


@dataclass(frozen=True, slots=True, eq=False)
class Garment:
    """Faces that share a texture.

    Attributes:
        faces: ``(F, 3)`` int32 vertex indices.
        texture: ``(H, W, 3)`` uint8 RGB, first row at the top.
        repeat: How often the texture repeats across the avatar's texture coordinates.
        tint: Factor on the texture's linear colour, per channel.
    """

    faces: np.ndarray
    texture: UInt8
    repeat: float = 1.0
    tint: tuple[float, float, float] = (1.0, 1.0, 1.0)


def _read(path: Path, side: int = TEXTURE_SIDE) -> UInt8:
    picture = cv2.imread(str(path))
    if picture is None:
        raise FileNotFoundError(f"no texture at {path}; --data must name the folder that holds studio/avatars/textures")
    return cv2.cvtColor(cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2RGB).astype(
        np.uint8
    )


def own_clothes(avatar: Avatar, textures: Path) -> tuple[Garment, ...]:
    """The textures made for this avatar.

    The material "opacity" (lashes, single strands) is left out: its transparency did not survive, and opaque it is a
    visor.

    Raises:
        FileNotFoundError: ``textures`` lacks one of them.
    """
    return tuple(
        Garment(avatar.faces[first:last], _read(textures / f"{name}_color.jpg"))
        for name, first, last in avatar.materials
        if not name.endswith("opacity") and last > first
    )


def plain_body(avatar: Avatar, tint: tuple[float, float, float]) -> tuple[Garment, ...]:
    """A figure of one colour from head to foot, such as a mannequin of plastic.

    Args:
        avatar: Whose shape.
        tint: The colour, linear RGB, 0..1.
    """
    faces = [avatar.faces[first:last] for name, first, last in avatar.materials if not name.endswith("opacity")]
    return (Garment(np.concatenate(faces), _plain_texture(), tint=tint),)


def tiled_clothes(
    avatar: Avatar, studio: Path, rng: np.random.Generator, *, plastic: tuple[float, float, float] | None = None
) -> tuple[Garment, ...]:
    """Random fabrics for an avatar without textures, with a head of another avatar of the same sex.

    Args:
        avatar: Who is dressed.
        studio: The studio folder.
        rng: Chooses.
        plastic: Linear RGB, 0..1, of head and skin of a figure that is no person; None for a person's.

    Raises:
        FileNotFoundError: The studio folder lacks heads or fabrics.
    """
    sex = "f" if "Female" in avatar.name else "m"
    heads = sorted((studio / "avatars" / "textures").glob(f"{sex}*_head_color.jpg"))
    fabrics = sorted(path for pattern in _FABRICS for path in (studio / "textures").glob(pattern))
    if not heads or not fabrics:
        raise FileNotFoundError(f"no heads or fabrics under {studio}; --data must name the folder that holds studio/")
    head = _read(heads[rng.integers(len(heads))])
    skin = np.median(head[300:360, 220:290].reshape(-1, 3), 0)  # a cheek: every head has it there
    plain = _plain_texture()
    skin_tint = plastic or tuple(float(value) for value in (skin / 255) ** 2.2)
    shoes = float(rng.uniform(0.01, 0.25))

    def fabric() -> tuple[UInt8, float, tuple[float, float, float]]:
        tile = _read(fabrics[rng.integers(len(fabrics))], 128)
        texture = np.ascontiguousarray(tile[3:-3, 3:-3])  # some tiles have a white edge
        red, green, blue = rng.uniform(0.25, 1.1, 3)
        return texture, float(rng.uniform(4, 10)), (red, green, blue)

    looks = {
        "skin": (plain, 1.0, skin_tint),
        "top": fabric(),
        "trousers": fabric(),
        "shoes": (plain, 1.0, (shoes, shoes, shoes)),
    }
    short_sleeves = rng.random() < 0.45
    regions = np.array([_region(avatar.bones[bone], short_sleeves) for bone in avatar.skin_bones[:, 0]])
    garments = []
    for name, first, last in avatar.materials:
        faces = avatar.faces[first:last]
        if name.endswith("head"):
            garments.append(Garment(faces, plain, tint=plastic) if plastic else Garment(faces, head))
        elif not name.endswith("opacity"):
            of_face = np.sort(regions[faces], axis=1)[
                :, 1
            ]  # the region of at least two of the three corners, or the middle name
            for region, (texture, repeat, tint) in looks.items():
                if (of_face == region).any():
                    garments.append(Garment(faces[of_face == region], texture, repeat, tint))
    return tuple(garments)


def _plain_texture() -> UInt8:
    return np.full((4, 4, 3), 255, np.uint8)


def _region(bone: str, short_sleeves: bool) -> str:
    if "Hand" in bone or "Finger" in bone:
        return "skin"
    if "Forearm" in bone:
        return "skin" if short_sleeves else "top"
    if "Foot" in bone or "Toe" in bone:
        return "shoes"
    return "trousers" if "Thigh" in bone or "Calf" in bone or bone.endswith("Pelvis") else "top"
