"""Draws skinned avatars with OpenGL through EGL, which Mesa also does in software: no GPU and no screen are needed.

The picture is drawn at twice its size and averaged down. People come out as colour and coverage, so that the caller can
lay them over any background; shadows on the floor come as two masks.
"""

import os
from dataclasses import dataclass

import cv2
import moderngl
import numpy as np

from edgeact.errors import BackendError
from edgeact.types import Float32, UInt8
from trainer.data.studio.avatar import Avatar
from trainer.data.studio.camera import Camera
from trainer.data.studio.light import Light
from trainer.data.studio.wardrobe import Garment

SUPERSAMPLING = 2
_MAXIMUM_BONES = 96

_SKINNING = """
#version 330
uniform mat4 clip_from_world;
uniform mat4 bones[96];
in vec3 position; in vec3 normal; in vec2 uv; in vec4 skin_bones; in vec4 skin_weights;
mat4 skin() {
    return bones[int(skin_bones.x)] * skin_weights.x + bones[int(skin_bones.y)] * skin_weights.y
         + bones[int(skin_bones.z)] * skin_weights.z + bones[int(skin_bones.w)] * skin_weights.w;
}
"""
_BODY_VERTEX = (
    _SKINNING
    + """
out vec2 texture_place; out vec3 world_normal; out vec3 world;
void main() {
    mat4 matrix = skin();
    vec4 place = matrix * vec4(position, 1.0);
    world = place.xyz; world_normal = mat3(matrix) * normal; texture_place = uv;
    gl_Position = clip_from_world * place;
}"""
)
_BODY_FRAGMENT = """
#version 330
uniform sampler2D picture; uniform float repeat; uniform vec3 tint;
uniform vec3 harmonics[9]; uniform vec3 eye; uniform float person;
in vec2 texture_place; in vec3 world_normal; in vec3 world;
layout(location = 0) out vec4 colour; layout(location = 1) out vec4 identity;
void main() {
    vec3 n = normalize(world_normal);
    vec3 towards_eye = normalize(eye - world);
    vec3 irradiance = harmonics[0] * 0.282095
        + 0.488603 * (harmonics[1] * n.y + harmonics[2] * n.z + harmonics[3] * n.x)
        + 1.092548 * (harmonics[4] * n.x * n.y + harmonics[5] * n.y * n.z + harmonics[7] * n.x * n.z)
        + harmonics[6] * 0.315392 * (3.0 * n.z * n.z - 1.0) + harmonics[8] * 0.546274 * (n.x * n.x - n.y * n.y);
    // Near the floor less light arrives, and a faint rim keeps dark clothes off dark walls.
    irradiance = max(irradiance, vec3(0.06)) * mix(0.72, 1.0, smoothstep(0.0, 0.5, world.y));
    vec3 albedo = pow(texture(picture, texture_place * repeat).rgb, vec3(2.2)) * tint;
    float rim = pow(1.0 - max(dot(n, towards_eye), 0.0), 4.0);
    vec3 linear = albedo * irradiance + 0.05 * rim * irradiance;
    linear = mix(linear, 1.0 - exp(-linear * 1.25), smoothstep(0.5, 1.2, linear)); // film shoulder: nothing burns out
    colour = vec4(pow(linear, vec3(1.0 / 2.2)), 1.0);
    identity = vec4(person, 0.0, 0.0, 1.0);
}"""
_SHADOW_VERTEX = (
    _SKINNING
    + """
uniform vec3 towards_light;
out float height;
void main() {
    vec4 place = skin() * vec4(position, 1.0);
    height = max(place.y, 0.0);
    gl_Position = clip_from_world * vec4(place.x - towards_light.x * height / towards_light.y, 0.0,
                                         place.z - towards_light.z * height / towards_light.y, 1.0);
}"""
)
_SHADOW_FRAGMENT = """
#version 330
uniform float reach; uniform vec2 channel;
in float height; out vec4 mask;
void main() { mask = vec4(channel * exp(-height / reach), 0.0, 1.0); }"""


class EglUnavailableError(BackendError):
    """No OpenGL context can be made on this machine."""


@dataclass(frozen=True, slots=True, eq=False)
class Figure:
    """An avatar in the renderer's memory: what to draw, with which texture, how often repeated and tinted."""

    avatar: Avatar
    garments: tuple[Garment, ...]
    parts: tuple[tuple[moderngl.VertexArray, moderngl.Texture, float, tuple[float, float, float]], ...]
    shadow: moderngl.VertexArray


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """A figure in one frame: rest vertex to world for each bone ``(B, 4, 4)`` float32."""

    figure: Figure
    bones: Float32


@dataclass(frozen=True, slots=True, eq=False)
class Layers:
    """What was drawn, for the caller to lay over a background.

    Attributes:
        colour: ``(H, W, 3)`` float32 0..255 RGB, already multiplied by coverage.
        coverage: ``(H, W)`` float32 0..1.
        identity: ``(H, W)`` uint8: 0 nobody, i + 1 the i-th person, nearest first.
        contact: ``(H, W)`` float32 0..1: how close to the floor a body is above this place of it.
        cast: ``(H, W)`` float32 0..1: the floor from which a body hides the strongest light.
    """

    colour: Float32
    coverage: Float32
    identity: UInt8
    contact: Float32
    cast: Float32


class Renderer:
    """Draws figures in pictures of one size; use as a context manager.

    Args:
        size: Width and height of the pictures.

    Raises:
        EglUnavailableError: This machine has no EGL.
    """

    def __init__(self, size: tuple[int, int]) -> None:
        os.environ.setdefault("LIBGL_ALWAYS_SOFTWARE", "1")  # the same pixels on every machine
        try:
            self._context = moderngl.create_context(standalone=True, backend="egl")
        except Exception as error:
            raise EglUnavailableError("EGL is not available; on Debian: apt install libegl1 libgl1-mesa-dri") from error
        self._context.gc_mode = "auto"  # what no Python object refers to any more is freed
        self.size = size
        large = (size[0] * SUPERSAMPLING, size[1] * SUPERSAMPLING)
        context = self._context
        self._body = context.program(vertex_shader=_BODY_VERTEX, fragment_shader=_BODY_FRAGMENT)
        self._shade = context.program(vertex_shader=_SHADOW_VERTEX, fragment_shader=_SHADOW_FRAGMENT)
        self._colour, self._identity = context.texture(large, 4), context.texture(large, 1)
        self._people = context.framebuffer([self._colour, self._identity], context.depth_renderbuffer(large))
        self._masks = context.texture(size, 2)
        self._floor = context.framebuffer([self._masks])
        self._figures: dict[tuple[int, ...], Figure] = {}
        self._textures: dict[int, tuple[UInt8, moderngl.Texture]] = {}

    def __enter__(self) -> "Renderer":
        return self

    def __exit__(self, *_: object) -> None:
        # The context takes its objects with it. Those that are still referred to must not be freed later: by then
        # another renderer's context is current, whose own objects have the same numbers.
        self._context.gc_mode = None
        self._context.release()

    def figure(self, avatar: Avatar, garments: tuple[Garment, ...]) -> Figure:
        """The avatar in these garments, loaded once."""
        key = (id(avatar), *(id(garment) for garment in garments))
        if key in self._figures:
            return self._figures[key]
        assert len(avatar.bones) <= _MAXIMUM_BONES, "the largest Rocketbox rigs have 81 bones"
        columns = [avatar.vertices, avatar.normals, avatar.uv, avatar.skin_bones, avatar.skin_weights]
        buffer = self._context.buffer(np.concatenate(columns, axis=1).astype(np.float32).tobytes())
        parts = tuple(
            (
                self._vertex_array(self._body, buffer, garment.faces),
                self._texture(garment.texture),
                garment.repeat,
                garment.tint,
            )
            for garment in garments
        )
        worn = np.concatenate([garment.faces for garment in garments])
        # The figure keeps avatar and garments, so that their ids stay their own.
        self._figures[key] = Figure(avatar, garments, parts, self._vertex_array(self._shade, buffer, worn))
        return self._figures[key]

    def draw(self, people: list[Placed], camera: Camera, light: Light) -> Layers:
        """Draw people in front of each other by depth, and their shadows on the floor at height 0."""
        clip = camera.clip_matrix(self.size)
        context = self._context
        context.enable_only(moderngl.DEPTH_TEST)
        self._people.use()
        context.clear(0, 0, 0, 0)
        body = self._body
        body["clip_from_world"].write(clip.T.tobytes())
        body["harmonics"].write(light.harmonics.astype(np.float32).tobytes())
        body["eye"].value = camera.position
        for index, placed in enumerate(people):
            body["bones"].write(_bone_bytes(placed.bones))
            body["person"].value = (index + 1) / 255
            for array, texture, repeat, tint in placed.figure.parts:
                texture.use(0)
                body["repeat"].value, body["tint"].value = repeat, tint
                array.render()
        colour = self._read(self._colour, 4).astype(np.float32)
        identity = self._read(self._identity, 1)[..., 0]
        masks = self._draw_shadows(people, clip, light)
        colour = cv2.resize(colour, self.size, interpolation=cv2.INTER_AREA)
        middle = SUPERSAMPLING // 2
        return Layers(
            colour=colour[..., :3],
            coverage=colour[..., 3] / 255,
            identity=identity[middle::SUPERSAMPLING, middle::SUPERSAMPLING].copy(),
            contact=masks[..., 0],
            cast=masks[..., 1],
        )

    def _draw_shadows(self, people: list[Placed], clip: Float32, light: Light) -> Float32:
        context, shade = self._context, self._shade
        context.enable_only(moderngl.BLEND)
        context.blend_equation = moderngl.MAX
        self._floor.use()
        context.clear(0, 0, 0, 0)
        shade["clip_from_world"].write(clip.T.tobytes())
        towards = tuple(float(value) for value in light.direction)
        for placed in people:
            shade["bones"].write(_bone_bytes(placed.bones))
            for channel, direction, reach in (((1.0, 0.0), (0.0, 1.0, 0.0), 0.22), ((0.0, 1.0), towards, 4.0)):
                shade["channel"].value, shade["towards_light"].value, shade["reach"].value = channel, direction, reach
                placed.figure.shadow.render()
        context.blend_equation = moderngl.FUNC_ADD
        return self._read(self._masks, 2).astype(np.float32) / 255

    def _read(self, texture: moderngl.Texture, channels: int) -> UInt8:
        width, height = texture.size
        pixels = np.frombuffer(texture.read(alignment=1), np.uint8).reshape(height, width, channels)
        return pixels[::-1]  # OpenGL's first row is the lowest

    def _vertex_array(
        self, program: moderngl.Program, buffer: moderngl.Buffer, faces: np.ndarray
    ) -> moderngl.VertexArray:
        layout = "3f 3f 2f 4f 4f"
        names = ["position", "normal", "uv", "skin_bones", "skin_weights"]
        if program is self._shade:  # attributes that a program does not use are stepped over
            layout, names = "3f 20x 4f 4f", ["position", "skin_bones", "skin_weights"]
        return self._context.vertex_array(
            program, [(buffer, layout, *names)], self._context.buffer(faces.astype(np.int32).tobytes())
        )

    def _texture(self, picture: UInt8) -> moderngl.Texture:
        """The picture in the renderer's memory, once for each array."""
        if id(picture) not in self._textures:
            height, width = picture.shape[:2]
            texture = self._context.texture(
                (width, height), 3, np.ascontiguousarray(picture[::-1]).tobytes(), alignment=1
            )
            texture.build_mipmaps()
            texture.filter = (moderngl.LINEAR_MIPMAP_LINEAR, moderngl.LINEAR)
            self._textures[id(picture)] = (picture, texture)  # the array is kept, so that its id stays its own
        return self._textures[id(picture)][1]


def _bone_bytes(bones: Float32) -> bytes:
    padded = np.tile(np.eye(4, dtype=np.float32), (_MAXIMUM_BONES, 1, 1))
    padded[: len(bones)] = bones
    return np.ascontiguousarray(padded.transpose(0, 2, 1)).tobytes()
