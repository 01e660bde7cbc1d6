"""What the command lines of the documents read: small files under the names that the lines give them."""

import os
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt
import pytest

import edgeact
from edgeact.capture.camera import connect_camera
from tests.documents.command_lines import REPOSITORY, run_line
from tests.servers.video_device import VideoDevice
from tests.tiny_bundle import build_tiny_bundle
from tests.toy_video import Boxes, write_toy_video

if TYPE_CHECKING:
    from trainer.models.efficientnet_lite import LiteName

VIEWER = "viewer:PASSWORD"  # the login of the RTSP server that stands for a camera


@dataclass(frozen=True, slots=True)
class Place:
    """Where a line is run.

    Attributes:
        folder: The working folder.
        patch: Undoes what was put in the place of a device when the line has run.
        example_bundle: The folder of a small network's bundle, by its letter.
    """

    folder: Path
    patch: pytest.MonkeyPatch
    example_bundle: Callable[[str], Path]


Make = Callable[[Place], object]


def clip(place: Place, name: str = "clip.mp4") -> Path:
    """A video of a few frames."""
    path = place.folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    return write_toy_video(path, seconds=0.2, size=(160, 120))


def folders_of_clips(place: Place) -> None:
    """Those of the line with a pattern and a folder."""
    for name in ("cameras/gate/a.mp4", "cameras/b.mp4", "holiday/c.mp4"):
        clip(place, name)


def photo(place: Place) -> None:
    """A picture of a size that no graph takes as it is."""
    cv2.imwrite(str(place.folder / "photo.jpg"), _picture(0, (90, 120)))


def results(place: Place) -> None:
    """What `edgeact annotate clip.mp4 --out results` writes."""
    tiny_bundle_at("tiny")(place)
    edgeact.annotate(clip(place), out=place.folder / "results", bundle=place.folder / "tiny", video=False)


def tiny_bundle_at(name: str) -> Make:
    """A bundle of the toy world under a name."""
    return lambda place: build_tiny_bundle(place.folder / name)


def example_bundle_at(letter: str, name: str) -> Make:
    """The bundle of a small network under a name."""
    return lambda place: shutil.copytree(place.example_bundle(letter), place.folder / name)


def settings(place: Place) -> None:
    """The file of settings that draws 3D."""
    (place.folder / "settings.toml").write_text("draw_3d = true\n", encoding="utf-8")


def configuration(place: Place) -> None:
    """That of `edgeact run --init`, whose camera is the demo clip, here shorter."""
    assert run_line("edgeact run --init > config.toml", {}, "") == 0
    path = place.folder / "config.toml"
    text = re.sub(r'^url = ".*demo\.mp4"', 'url = "clip.mp4"', path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert 'url = "clip.mp4"' in text
    path.write_text(text, encoding="utf-8")
    write_toy_video(place.folder / "clip.mp4", seconds=0.4, size=(160, 120))


def configuration_of_the_page_for_new_users(place: Place) -> None:
    """`/etc/edgeact` of docs/install.md: its configuration, here for a camera of this machine, and its secrets."""
    page = (REPOSITORY / "docs/install.md").read_text(encoding="utf-8")
    block = page.partition("<!-- config:begin -->")[2].partition("<!-- config:end -->")[0]
    text = block.strip().strip("`").removeprefix("toml")
    assert 'state = "/var/lib/edgeact"' in text
    (place.folder / "config.toml").write_text(text.replace("/var/lib/edgeact", "state"), encoding="utf-8")
    (place.folder / "secrets.env").write_text("GATE_PASSWORD=PASSWORD\n", encoding="utf-8")


def camera_login(place: Place) -> None:
    """The variable of the environment that holds a camera's login."""
    place.patch.setenv("CAMERA_LOGIN", VIEWER)


def camera(place: Place) -> None:
    """The first camera of this machine is one that FFmpeg makes up."""
    device = partial(connect_camera, open_container=VideoDevice().open)
    place.patch.setattr("edgeact.capture.open.connect_camera", device)


def home(place: Place) -> None:
    """The window keeps what it remembers in the folder, and finds the modules of the tests."""
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
        place.patch.setenv(name, str(place.folder / name))
    place.patch.setenv("PYTHONPATH", str(REPOSITORY), prepend=os.pathsep)


def _moving(speed: float, *, up: bool) -> Callable[[float], Boxes]:
    def boxes(time: float) -> Boxes:
        x, y = (60.0, 20 + speed * time) if up else (30 + speed * time, 40.0)
        return [(x, y, x + 24, y + 80)]

    return boxes


def recordings(place: Place, name: str = "recordings") -> None:
    """Two classes of movements of the toy world, and other ones: four clips each, of two people."""
    for label, up, fast in (("wave", True, 25.0), ("kick", False, 25.0), ("other", False, 0.0)):
        for number in range(4):
            path = place.folder / name / label / f"{'anna' if number < 2 else 'ben'}_{number % 2 + 1}.mp4"
            path.parent.mkdir(parents=True, exist_ok=True)
            boxes = _moving(fast + 3 * number, up=up)
            write_toy_video(path, seconds=1.2, size=(160, 144), rate=15, boxes=boxes)


def labelled_pictures(place: Place, name: str = "recordings") -> None:
    """Two classes and ``other``, ten different pictures each, which makes nothing to put right."""
    for seed, label in enumerate(("wave", "kick", "other")):
        for number in range(10):
            path = place.folder / name / label / f"{'ab'[number % 2]}_{number}.jpg"
            path.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(path), _picture(100 * seed + number, (96, 96)))


def _picture(seed: int, size: tuple[int, int]) -> npt.NDArray[np.uint8]:
    noise = np.random.default_rng(seed).integers(0, 255, (6, 6, 3), np.uint8)
    return cv2.resize(noise, (size[1], size[0])).astype(np.uint8)


def labels(place: Place) -> None:
    """A file with the actions of the small networks, under both names that the lines use."""
    from tests.example_bundles import LABELS

    for name in ("labels", "LABELS.txt"):
        (place.folder / name).write_text("\n".join(LABELS) + "\n", encoding="utf-8")


def weights_of_b(place: Place) -> None:
    """The small network B's, under both names that the lines use."""
    from safetensors.torch import save_file

    from tests.example_bundles import seeded

    for name in ("weights", "W.safetensors"):
        save_file(seeded("B").state_dict(), place.folder / name)


def weights_of_a_backbone(
    place: Place, *, size: "LiteName" = "efficientnet_lite2", file: str = "efficientnet-lite2-9656183e.pth"
) -> None:
    """An EfficientNet-Lite of random weights, as its package has them; it tells pictures apart."""
    import torch
    from torch import nn

    from tests.trainer.models.test_efficientnet_lite import published_names
    from trainer.models.efficientnet_lite import SIZES, EfficientNetLite

    torch.manual_seed(0)
    network = EfficientNetLite(SIZES[size])
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.momentum = None  # the statistics of the noise below; without them the values die out
    with torch.no_grad():
        network.train()(torch.randn(4, 3, 64, 64))
    torch.save(published_names(network), place.folder / file)


def stanford40(place: Place, *, each: int = 2) -> None:
    """Two of its actions in the set's own layout: photos with a boxed person, to train and to test."""
    from tests.trainer.data.sets.layouts import write_stanford40

    for number, action in enumerate(("wave", "walk")):
        for part in ("train", "test"):
            photos = {f"{action}_{part}_{index}.jpg": _picture(10 * number + index, (60, 80)) for index in range(each)}
            write_stanford40(place.folder / "stanford40", action, part, photos, "10 10 40 50")


def ut_interaction(place: Place) -> None:
    """Two clips of the part of UT-Interaction that is held out, in ``data``."""
    folder = place.folder / "data" / "ut_interaction"
    rows = "\n".join(f"{label}.mp4,{label},set1,seq09" for label in ("walk", "jump"))
    for label in ("walk", "jump"):
        clip(place, f"data/ut_interaction/clips/{label}.mp4")
    (folder / "index.csv").write_text(f"file,label,set,group\n{rows}\n")


def lspet(place: Place) -> None:
    """LSP extended with pictures of thirty people, of whom some are held out, in ``data``."""
    from scipy.io import savemat

    folder, rng = place.folder / "data" / "lspet", np.random.default_rng(0)
    (folder / "images").mkdir(parents=True)
    joints = np.ones((14, 3, 30))
    joints[:, :2] = rng.uniform(4, 44, (14, 2, 30))
    savemat(folder / "joints.mat", {"joints": joints})
    for number in range(30):
        cv2.imwrite(str(folder / "images" / f"im{number + 1:05d}.jpg"), _picture(number, (48, 48)))


def sets_of_the_papers(place: Place) -> None:
    """Tiny copies of the sets that the papers' recipes read, in ``data``."""
    from tests.trainer.paper_sets import write_paper_sets

    write_paper_sets(place.folder / "data")


def pictures_without_people(place: Place) -> None:
    """The sets of `edgeact train empty-hours`, in ``data``."""
    from tests.trainer.evaluate.wild.wild_sets import write_wild_sets

    write_wild_sets(place.folder / "data")


def teachers_that_find_what_is_bright(place: Place) -> None:
    """Tiny networks in the place of the published ones, in ``teachers``."""
    from tests.trainer.teacher_networks import write_teachers

    write_teachers(place.folder / "teachers")


def labelled_clips(place: Place) -> None:
    """Clips of UT-Interaction and of daily life, in ``data``."""
    from tests.trainer.evaluate.test_clips import write_sets

    write_sets(place.folder / "data")


def rendered_clips(place: Place, name: str) -> None:
    """Clips of two motions as `edgeact train clips` keeps them where they were rendered before."""
    from tests.trainer.evaluate.test_renders import write_rendered, write_studio
    from trainer.data.studio.action_clips import plan_clips

    entries = write_studio(place.folder / "data")
    write_rendered(place.folder / name / "seed_0", plan_clips(entries, limit=1))


def falls(place: Place) -> None:
    """Two sequences of UR Fall with their labels in ``data``, and what was seen of them in ``results``."""
    from tests.edgeact.rules.test_posture import STANDING
    from tests.trainer.evaluate.test_posture import somebody, write_frames, write_labels

    (place.folder / "data").mkdir()
    (place.folder / "results").mkdir()
    write_labels(place.folder / "data/urfd_clips")
    for name in ("adl-01", "fall-01"):
        write_frames(place.folder / "results" / f"{name}-cam0.frames.jsonl", [(somebody(STANDING),)] * 3, every=5)


def lifter(place: Place) -> None:
    """The checkpoint of a training of two steps, where `edgeact train --stage lifter` leaves it."""
    from tests.trainer.data.lifting.walkers import exact_bank, walker
    from trainer.fit_lifter import fit
    from trainer.lifter_recipe import LifterRecipe

    path = place.folder / "WORK/compact/lifter_net/checkpoint.safetensors"
    path.parent.mkdir(parents=True)
    recipe = LifterRecipe(steps=2, batch=8, rate=1e-3, mild_from=1, teacher_poses=False, mix={"studio": 1.0})
    fit([walker(), walker(split="validation")], exact_bank(), path, recipe)
