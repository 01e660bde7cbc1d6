"""Forty everyday actions, here two, from photos to a bundle whose two graphs say what the measured heads said."""

from pathlib import Path

import numpy as np
import pytest
import torch

from deploy.everyday_bundle import MirroredToo, export_everyday
from edgeact.bundle.load import load_bundle
from tests.trainer.data.sets.layouts import write_stanford40
from tests.trainer.models.test_efficientnet_lite import published_names
from trainer.data.labelled_samples import stanford40
from trainer.evaluate.held_out import answer
from trainer.evaluate.metrics.average_precision import mean_average_precision
from trainer.everyday_recipe import load_everyday_recipe
from trainer.fit_everyday import Everyday, fit_everyday
from trainer.models.efficientnet_lite import EfficientNetLite

SHIPPED = load_everyday_recipe()
RECIPE = SHIPPED.model_copy(
    update={
        "backbone": "efficientnet_lite0",
        "side": 64,
        "mirrored": True,
        "head": SHIPPED.head.model_copy(update={"batch": 8}),
        "last_blocks": SHIPPED.last_blocks.model_copy(update={"frozen": 14, "epochs": 2, "batch": 8}),
    }
)


def listed(items: object, _title: str) -> object:
    return items


def told_apart(rng: np.random.Generator) -> EfficientNetLite:
    """A network of random weights that tells dark pictures from bright ones, since its normalisation knows both."""
    network = EfficientNetLite()
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 1.0
    pictures = rng.uniform(-1, -0.5, (8, 3, 64, 64)) + 1.2 * (np.arange(8) % 2)[:, None, None, None]
    with torch.no_grad():
        network.train()(torch.from_numpy(pictures.astype(np.float32)))
    return network.eval()


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Everyday, Path]:
    """Dark people drink, bright ones read."""
    torch.set_num_threads(1)
    root, rng = tmp_path_factory.mktemp("everyday"), np.random.default_rng(0)
    for number, action in enumerate(("drinking", "reading")):
        for part, count in (("train", 12), ("test", 4)):
            photos = {
                f"{action}_{part}_{index}.jpg": rng.integers(0, 60, (60, 80, 3), np.uint8) + np.uint8(150 * number)
                for index in range(count)
            }
            write_stanford40(root, action, part, photos, "10 10 40 50")
    torch.manual_seed(0)
    torch.save(published_names(told_apart(rng)), root / "lite0.pth")
    return fit_everyday(root, root / "lite0.pth", root / "work", RECIPE, progress=listed), root


def test_a_second_run_says_the_same_from_what_is_kept(trained: tuple[Everyday, Path]) -> None:
    first, root = trained
    again = fit_everyday(root, root / "lite0.pth", root / "work", RECIPE, progress=listed)
    assert again.figures == first.figures
    assert first.counts == (24, 8)
    assert set(first.figures) == {"person", "scene", "both"}
    # Of each view: the training photos and those that measure, and the same mirrored.
    assert len(list((root / "work" / "lower_14").iterdir())) == 8


def test_each_view_has_last_blocks_of_its_own_and_both_have_the_published_first_ones(
    trained: tuple[Everyday, Path],
) -> None:
    person, scene = (trained[0].backbones[scope].network.blocks for scope in ("person", "scene"))
    for index in range(16):
        same = torch.equal(person[index].project.weight, scene[index].project.weight)
        assert same == (index < 14), index


def test_a_mirrored_picture_is_judged_alike_and_keeps_its_own_maps() -> None:
    class Left(torch.nn.Module):
        """How bright the left and the right half are, and the brightness itself."""

        def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            grey = image.float().mean(-1)
            half = grey.shape[2] // 2
            return torch.stack([grey[..., :half].mean((1, 2)), grey[..., half:].mean((1, 2))], 1), grey

    images = torch.zeros(3, 4, 6, 3, dtype=torch.uint8)
    images[1, :, :3] = 100
    probability, grey = MirroredToo(Left())(images)
    assert probability.tolist() == [[0, 0], [50, 50], [0, 0]]
    torch.testing.assert_close(grey, images.float().mean(-1))


def test_the_bundles_graphs_say_what_was_measured(trained: tuple[Everyday, Path], tmp_path: Path) -> None:
    found, root = trained
    export_everyday(found, RECIPE, tmp_path / "everyday", created="2026-01-31")
    bundle = load_bundle(tmp_path / "everyday")
    assert [head.name for head in bundle.plan.heads] == ["everyday_person"]
    assert [head.name for head in bundle.plan.scene_heads] == ["everyday_scene"]
    assert {"person_merged", "scene_merged"} <= set(bundle.plan.maps)
    samples, actions = stanford40(root)
    test = [sample for sample in samples if sample.split == "test"]
    said = answer(bundle, test, actions, clips=False, progress=listed)
    labels = np.array([sample.label for sample in test])
    for one in said:
        scope = one.head.name.removeprefix("everyday_")
        measured = found.figures[scope]["mAP"]
        assert measured > 0.9, scope
        assert mean_average_precision(one.probability, labels) == pytest.approx(measured, abs=0.01), scope
    card = (tmp_path / "everyday" / "MODEL_CARD.md").read_text()
    assert "Stanford 40" in card
    assert "Apache License 2.0" in card
    assert f"{found.figures['both']['mAP']:.2%}" in card
