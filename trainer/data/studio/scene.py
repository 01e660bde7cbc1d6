"""People in a place: what is in a scene, its pictures, and the exact labels of every person in them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np

from edgeact.types import Float32, UInt8
from trainer.data.studio.avatar import Avatar
from trainer.data.studio.backplate import Backplate, view_backplate
from trainer.data.studio.camera import Camera
from trainer.data.studio.column import Column
from trainer.data.studio.light import Light
from trainer.data.studio.motion import Motion
from trainer.data.studio.render import Layers, Placed, Renderer
from trainer.data.studio.retarget import pose_avatar
from trainer.data.studio.wardrobe import Garment

_SMALLEST_PERSON = 40  # pixels; of a person who shows less nobody could label anything
_CONTACT_STRENGTH, _CAST_STRENGTH = 0.62, 0.5
_CONTACT_BLUR, _CAST_BLUR = 0.03, 0.06  # metres on the floor
_DETAIL_REACH = 9.0  # metres: farther floor is as fine in the photograph as in the picture


@dataclass(frozen=True, slots=True, eq=False)
class Actor:
    """Somebody who does something.

    Attributes:
        avatar: Whose body.
        garments: What it wears.
        motion: What it does; its last frame is held.
        position: X and Z in metres of where the motion starts.
        heading: Radians by which the motion is turned to the left (anticlockwise seen from above); at 0 it faces +Z.
        start: Second of the motion at which the scene begins.
    """

    avatar: Avatar
    garments: tuple[Garment, ...]
    motion: Motion
    position: tuple[float, float] = (0.0, 0.0)
    heading: float = 0.0
    start: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Floor:
    """Fine structure for the floor of an enlarged photograph.

    Attributes:
        tile: ``(S, S)`` float32: brightness relative to the tile's mean.
        metres: Side of the tile on the floor.
        strength: 0..1.
    """

    tile: Float32
    metres: float
    strength: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A shot: place, light, people, and a camera that goes smoothly from one setting to another.

    Attributes:
        picture: ``(S, S, 3)`` uint8 RGB photograph of the place.
        backplate: The photograph's camera.
        light: Light on the people.
        actors: The people.
        camera: At the beginning.
        camera_end: At the end; None holds the camera still. It may turn and zoom, its position stays (a photograph has
            no parallax).
        seconds: Duration.
        floor: Structure laid over the photograph's floor, or None.
        columns: Things that hide people who are behind them.
    """

    picture: UInt8
    backplate: Backplate
    light: Light
    actors: tuple[Actor, ...]
    camera: Camera
    seconds: float
    camera_end: Camera | None = None
    floor: Floor | None = None
    columns: tuple[Column, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class StudioPerson:
    """Exact labels of one person in one picture.

    Attributes:
        box: ``(4,)`` float32 x_min, y_min, x_max, y_max of the pixels that show the person.
        joints: ``(21, 3)`` float32 x, y in pixels and visible 1/0: inside the picture and not behind somebody or
            something else.
        joints_3d: ``(21, 3)`` float32 metres in camera axes (x right, y down, z forward).
        label: The action.
        actor: Position among the scene's actors.
        mask: ``(H, W)`` bool: the pixels that show the person.
    """

    box: Float32
    joints: Float32
    joints_3d: Float32
    label: str
    actor: int
    mask: np.ndarray


@dataclass(frozen=True, slots=True, eq=False)
class StudioFrame:
    """A picture ``(H, W, 3)`` uint8 RGB, who is in it, and its second of the scene."""

    image: UInt8
    persons: tuple[StudioPerson, ...]
    time: float


def camera_at(scene: Scene, time: float) -> Camera:
    """The camera at a second of the scene; it starts and stops gently."""
    if scene.camera_end is None:
        return scene.camera
    share = float(np.clip(time / max(scene.seconds, 1e-9), 0, 1))
    share = share * share * (3 - 2 * share)
    first, last = scene.camera, scene.camera_end
    return replace(
        first,
        yaw=first.yaw + share * (last.yaw - first.yaw),
        pitch=first.pitch + share * (last.pitch - first.pitch),
        roll=first.roll + share * (last.roll - first.roll),
        field_of_view=first.field_of_view + share * (last.field_of_view - first.field_of_view),
    )


def render_scene(
    scene: Scene, *, size: tuple[int, int], renderer: Renderer, frame_rate: float = 30.0
) -> Iterator[StudioFrame]:
    """Pictures of ``size`` width and height with labels, ``frame_rate`` a second, for the scene's duration.

    Args:
        scene: What is to be seen.
        size: The renderer's size.
        renderer: Draws the people; one renderer serves many scenes.
        frame_rate: Pictures a second.
    """
    assert renderer.size == size, "a renderer draws pictures of one size"
    posed = [pose_avatar(actor.motion, actor.avatar) for actor in scene.actors]
    figures = [renderer.figure(actor.avatar, actor.garments) for actor in scene.actors]
    columns = [_stand(column, renderer) for column in scene.columns]
    shown: Camera | None = None
    background = np.zeros((size[1], size[0], 3), np.float32)
    for index in range(max(1, round(scene.seconds * frame_rate))):
        time = index / frame_rate
        camera = camera_at(scene, time)
        if camera != shown:
            background, shown = _background(scene, camera, size), camera
        placed, joints, labels = [], [], []
        for actor, motion, figure in zip(scene.actors, posed, figures, strict=True):
            frame = min(round((actor.start + time) * actor.motion.frame_rate), len(motion.bones) - 1)
            stage = stage_matrix(actor)
            placed.append(Placed(figure, (stage @ motion.skinning(actor.avatar, frame)).astype(np.float32)))
            joints.append(motion.joints[frame] @ stage[:3, :3].T + stage[:3, 3])
            labels.append(actor.motion.label_at(frame))
        layers = renderer.draw([*placed, *columns], camera, scene.light)
        image = compose(background, layers, camera, scene.light, joints)
        yield StudioFrame(image, label_people(layers.identity, np.array(joints), labels, camera), time)


def compose(background: Float32, layers: Layers, camera: Camera, light: Light, joints: list[np.ndarray]) -> UInt8:
    """Lay shadows and people over a background ``(H, W, 3)`` float32 0..255; ``joints`` tell how far away the shadows
    are.
    """
    height, width = background.shape[:2]
    depth = max(1.0, float(np.mean([camera.to_camera(person)[:, 2].mean() for person in joints]))) if joints else 1.0
    per_metre = camera.intrinsics((width, height))[0, 0] / depth
    contact = cv2.GaussianBlur(layers.contact, (0, 0), max(0.6, _CONTACT_BLUR * per_metre))
    cast = cv2.GaussianBlur(layers.cast, (0, 0), max(0.6, _CAST_BLUR * per_metre))
    lit = (1 - _CONTACT_STRENGTH * contact) * (1 - _CAST_STRENGTH * light.directness * cast)
    image = background * lit[..., None] * (1 - layers.coverage[..., None]) + layers.colour
    return np.clip(image + 0.5, 0, 255).astype(np.uint8)


def label_people(identity: UInt8, joints: np.ndarray, labels: list[str], camera: Camera) -> tuple[StudioPerson, ...]:
    """Boxes from the picture of identities ``(H, W)``, joints from world metres ``(N, 21, 3)``."""
    height, width = identity.shape
    persons = []
    for index, label in enumerate(labels):
        own = identity == index + 1
        rows, columns = np.flatnonzero(own.any(1)), np.flatnonzero(own.any(0))
        if own.sum() < _SMALLEST_PERSON:
            continue
        box = np.array([columns[0], rows[0], columns[-1], rows[-1]], np.float32)
        pixels = camera.to_pixels(joints[index], (width, height))
        # Joints lie under the skin, and the top of the head may lie a pixel outside: a person hides another person's
        # joint where the pixel shows somebody else and nothing of its own is near.
        near = cv2.dilate(own.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
        inside = np.isfinite(pixels).all(1) & (pixels >= -0.5).all(1) & (pixels < [width - 0.5, height - 0.5]).all(1)
        places = np.where(inside[:, None], np.nan_to_num(pixels).round(), 0).astype(int)
        somebody_else = (identity[places[:, 1], places[:, 0]] > 0) & ~near[places[:, 1], places[:, 0]]
        visible = inside & ~somebody_else
        labelled = np.concatenate([np.nan_to_num(pixels), visible[:, None]], axis=1).astype(np.float32)
        persons.append(StudioPerson(box, labelled, camera.to_camera(joints[index]), label, index, own))
    return tuple(persons)


def _stand(column: Column, renderer: Renderer) -> Placed:
    place = np.eye(4, dtype=np.float32)
    place[[0, 2], 3] = column.position
    return Placed(renderer.figure(column.body, column.surface), place[None])


def stage_matrix(actor: Actor) -> np.ndarray:
    """A motion's coordinates to those of the world, metres: ``(4, 4)`` float64."""
    sine, cosine = np.sin(actor.heading), np.cos(actor.heading)
    matrix = np.eye(4)
    matrix[:3, :3] = [[cosine, 0, sine], [0, 1, 0], [-sine, 0, cosine]]
    matrix[[0, 2], 3] = actor.position
    return matrix


def _background(scene: Scene, camera: Camera, size: tuple[int, int]) -> Float32:
    background = view_backplate(scene.picture, scene.backplate, camera, size=size).astype(np.float32)
    if scene.floor is not None:
        background *= _floor_detail(scene.floor, camera, size)[..., None]
    return background


def _floor_detail(floor: Floor, camera: Camera, size: tuple[int, int]) -> Float32:
    """Factor on the brightness ``(H, W)`` float32 that gives the floor the tile's structure and leaves the rest
    alone.
    """
    rows, columns = np.mgrid[: size[1], : size[0]]
    rays = np.stack([columns, rows, np.ones_like(rows)], -1) @ (
        np.linalg.inv(camera.intrinsics(size)).T @ camera.rotation()
    )
    down = np.minimum(rays[..., 1], -1e-6)
    reach = -camera.position[1] / down
    side = floor.tile.shape[0]
    place = (
        (rays[..., [0, 2]] * reach[..., None] + np.array([camera.position[0], camera.position[2]]))
        / floor.metres
        * side
        % side
    )
    tile = cv2.remap(
        floor.tile,
        place[..., 0].astype(np.float32),
        place[..., 1].astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_WRAP,
    )
    distance = reach * np.linalg.norm(rays, axis=-1)
    weight = floor.strength * np.clip(1 - distance / _DETAIL_REACH, 0, 1) * (rays[..., 1] < 0)
    return (1 + weight * (tile - 1)).astype(np.float32)
