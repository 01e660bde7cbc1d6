"""An avatar: mesh, skin weights, bones, and where the joints of ``BODY_21`` sit on it.

Files are npz with ``verts`` (V,3) metres, ``uv`` (V,2), ``faces`` (F,3), ``face_mat`` (F,), ``mats`` names,
``bone_idx`` and ``bone_w`` (V,4), ``bone_names``, ``bone_parent`` and ``bind`` (B,4,4) bone to world at rest (Microsoft
Rocketbox rigs).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgeact.skeleton import BODY_21
from edgeact.types import Float32

# The bones that motions drive, by the names that motion files use.
DRIVEN_BONES = {
    "pelvis": "Bip01 Pelvis", "spine": "Bip01 Spine", "chest": "Bip01 Spine2", "neck": "Bip01 Neck",
    "head": "Bip01 Head",
    "l_clav": "Bip01 L Clavicle", "l_arm": "Bip01 L UpperArm", "l_fore": "Bip01 L Forearm", "l_hand": "Bip01 L Hand",
    "r_clav": "Bip01 R Clavicle", "r_arm": "Bip01 R UpperArm", "r_fore": "Bip01 R Forearm", "r_hand": "Bip01 R Hand",
    "l_thigh": "Bip01 L Thigh", "l_calf": "Bip01 L Calf", "l_foot": "Bip01 L Foot",
    "r_thigh": "Bip01 R Thigh", "r_calf": "Bip01 R Calf", "r_foot": "Bip01 R Foot",
}  # fmt: skip

# Rocketbox hangs thighs from the lower spine and clavicles from the neck; on a body they belong to pelvis and chest,
# and a bow or a nod must not move them.
_ANATOMICAL_PARENTS = {"l_thigh": "pelvis", "r_thigh": "pelvis", "l_clav": "chest", "r_clav": "chest"}

_LIMB_JOINTS = {
    "left_shoulder": "l_arm", "right_shoulder": "r_arm", "left_elbow": "l_fore", "right_elbow": "r_fore",
    "left_wrist": "l_hand", "right_wrist": "r_hand", "left_hip": "l_thigh", "right_hip": "r_thigh",
    "left_knee": "l_calf", "right_knee": "r_calf", "left_ankle": "l_foot", "right_ankle": "r_foot",
}  # fmt: skip
# Eyes and nose are not driven, they place the joints of the face.
_EYE_BONES = {"left_eye": "Bip01 LEye", "right_eye": "Bip01 REye"}
_NOSE_BONE = "Bip01 MNose"


@dataclass(frozen=True, slots=True, eq=False)
class Avatar:
    """A rigged person at rest.

    Attributes:
        name: File name without suffix.
        vertices: ``(V, 3)`` float32 metres.
        normals: ``(V, 3)`` float32 unit, smooth across texture seams.
        uv: ``(V, 2)`` float32 texture coordinates, origin at the bottom left.
        faces: ``(F, 3)`` int32 vertex indices, sorted by material.
        materials: Name and range of faces (first, last + 1) of each material.
        skin_bones: ``(V, 4)`` int bone indices, with ``skin_weights`` ``(V, 4)`` float32 that sum to 1.
        bones: Names of the bones; parents come before children in ``order``.
        parents: ``(B,)`` int, -1 for the root.
        bind: ``(B, 4, 4)`` float64 bone to world at rest.
        order: Bone indices, parents first.
        driven: Index of each driven bone by its name in motion files.
        joint_bones: ``(21,)`` int: the bone that carries each joint of ``BODY_21``; ``joint_offsets`` ``(21, 3)``
            where, in bone space.
    """

    name: str
    vertices: Float32
    normals: Float32
    uv: Float32
    faces: np.ndarray
    materials: tuple[tuple[str, int, int], ...]
    skin_bones: np.ndarray
    skin_weights: Float32
    bones: tuple[str, ...]
    parents: np.ndarray
    bind: np.ndarray
    order: tuple[int, ...]
    driven: Mapping[str, int]
    joint_bones: np.ndarray
    joint_offsets: np.ndarray

    def rest(self, bone: str) -> np.ndarray:
        """Position ``(3,)`` at rest, in metres, of a bone named as in motion files."""
        return self.bind[self.driven[bone], :3, 3]

    @property
    def leg_length(self) -> float:
        """Thigh plus calf in metres: the unit of hip paths in motion files."""
        thigh = np.linalg.norm(self.rest("l_calf") - self.rest("l_thigh"))
        return float(thigh + np.linalg.norm(self.rest("l_foot") - self.rest("l_calf")))


def load_avatar(path: Path) -> Avatar:
    """Read one rig.

    Raises:
        FileNotFoundError: ``path`` does not exist.
        ValueError: The rig lacks a bone that motions drive, eyes or nose.
    """
    with np.load(path) as file:
        arrays = {key: file[key] for key in file.files}
    names = tuple(str(name) for name in arrays["bone_names"])
    missing = sorted({*DRIVEN_BONES.values(), *_EYE_BONES.values(), _NOSE_BONE} - set(names))
    if missing:
        raise ValueError(f"{path} has no bone {missing[0]!r}; it is not a full Rocketbox rig")
    driven = {short: names.index(long) for short, long in DRIVEN_BONES.items()}
    parents = arrays["bone_parent"].astype(int)
    for child, parent in _ANATOMICAL_PARENTS.items():
        parents[driven[child]] = driven[parent]
    bind = arrays["bind"].astype(np.float64)

    by_material = np.argsort(arrays["face_mat"], kind="stable")
    faces, face_material = arrays["faces"][by_material].astype(np.int32), arrays["face_mat"][by_material]
    starts = np.searchsorted(face_material, np.arange(len(arrays["mats"]) + 1))
    materials = tuple((str(name), int(starts[i]), int(starts[i + 1])) for i, name in enumerate(arrays["mats"]))
    weights = arrays["bone_w"].astype(np.float32)
    vertices = arrays["verts"].astype(np.float32)
    joint_bones, joint_offsets = _attach_joints(vertices, names, driven, bind)
    return Avatar(
        name=path.stem,
        vertices=vertices,
        normals=_smooth_normals(vertices, faces),
        uv=arrays["uv"].astype(np.float32),
        faces=faces,
        materials=materials,
        skin_bones=arrays["bone_idx"].astype(np.int32),
        skin_weights=weights / np.maximum(weights.sum(1, keepdims=True), 1e-9),
        bones=names,
        parents=parents,
        bind=bind,
        order=_parents_first(parents),
        driven=driven,
        joint_bones=joint_bones,
        joint_offsets=joint_offsets,
    )


def _parents_first(parents: np.ndarray) -> tuple[int, ...]:
    order: list[int] = []
    while len(order) < len(parents):
        order += [i for i in range(len(parents)) if i not in order and (parents[i] < 0 or parents[i] in order)]
    return tuple(order)


def _smooth_normals(vertices: Float32, faces: np.ndarray) -> Float32:
    """Unit normals ``(V, 3)``; vertices at one place share theirs, so that texture seams do not show."""
    _, place = np.unique(vertices.round(5), axis=0, return_inverse=True)
    place = place.reshape(-1)
    corners = vertices[faces]
    area = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    total = np.zeros((place.max() + 1, 3))
    for corner in range(3):
        np.add.at(total, place[faces[:, corner]], area)
    normals = total[place]
    return (normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)).astype(np.float32)


def _attach_joints(
    vertices: Float32,
    names: tuple[str, ...],
    driven: Mapping[str, int],
    bind: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """The bone of every joint and the joint's place in that bone's space: limbs at bone heads, the face at its
    surface.
    """

    def rest(bone: int) -> np.ndarray:
        return bind[bone, :3, 3]

    head = driven["head"]
    places = {joint: (driven[bone], rest(driven[bone])) for joint, bone in _LIMB_JOINTS.items()}
    # Mid shoulders and mid hips move with chest and pelvis; `joints_of` replaces them by the exact means.
    places["thorax"] = (driven["chest"], (rest(driven["l_arm"]) + rest(driven["r_arm"])) / 2)
    places["pelvis"] = (driven["pelvis"], (rest(driven["l_thigh"]) + rest(driven["r_thigh"])) / 2)
    # Annotators (LSP, MPII, COCO) put these a little off the rig's bones; the shifts were measured with networks
    # trained on their labels.
    for joint, inwards in (("left_shoulder", -0.024), ("right_shoulder", 0.024)):
        place = places[joint][1]
        clavicle = driven["l_clav" if joint.startswith("left") else "r_clav"]
        places[joint] = (clavicle, place + np.array([inwards, 0.018, 0.0]))
    places["upper_neck"] = (driven["neck"], 0.25 * rest(head) + 0.75 * rest(driven["neck"]))
    eyes = {joint: rest(names.index(bone)) for joint, bone in _EYE_BONES.items()}
    for joint, eye in eyes.items():
        places[joint] = (
            head,
            eye + np.array([0, 0, 0.012]),
        )  # the bone is the centre of the eyeball, its front is what one sees

    places["nose"] = (head, rest(names.index(_NOSE_BONE)) + np.array([0, 0, 0.01]))
    _, level, front = (eyes["left_eye"] + eyes["right_eye"]) / 2
    # Hair hides where the ears of a mesh end, so they are placed by the eyes, by the proportions of the bald rigs.
    for joint, sign in (("left_ear", 1), ("right_ear", -1)):
        places[joint] = (head, np.array([0.079 * sign, level - 0.022, front - 0.09]))
    top = vertices[vertices[:, 1].argmax()]
    places["head_top"] = (head, np.array([0.0, top[1], rest(head)[2]]))

    bones = np.array([places[joint][0] for joint in BODY_21.joints])
    offsets = np.stack(
        [(np.linalg.inv(bind[bone]) @ np.append(point, 1.0))[:3] for bone, point in (places[j] for j in BODY_21.joints)]
    )
    return bones, offsets
