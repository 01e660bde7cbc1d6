"""Batches across the sets, the schedule, and a short training of the pose network from end to end."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from edgeact.errors import SourceFormatError
from edgeact.skeleton import BODY_21
from tests.trainer.published_tinypose import random_weights, write_weights
from trainer.compress.distill import imitate_maps
from trainer.data.pose_patches import PATCH_HEIGHT, PATCH_WIDTH
from trainer.data.pose_sets import draw_batch, draw_sizes, load_patch_set, training_sets
from trainer.fit_pose import evaluate, fit, flip_averaged_logits, predict, to_input
from trainer.inputs.crop_size import InputSize
from trainer.models.edge_pose import EdgePose, start_from_tinypose
from trainer.pose_losses import IMITATION
from trainer.pose_recipe import PoseRecipe
from trainer.recipe import load_recipe

SIZE = InputSize(height=64, width=96)
MIX = {"lspet": 0.7, "stock_upright": 0.3}


def write_patches(root: Path) -> Path:
    """Random patches of two sets that are also checked on, a few of them for validation."""
    rng = np.random.default_rng(0)
    for name in ("lspet", "stock_upright"):
        folder = root / name
        folder.mkdir(parents=True)
        joints = rng.uniform(60, 200, (8, 21, 4)).astype(np.float32)
        joints[..., 2], joints[..., 3] = 1, 0.9
        np.save(folder / "patches.npy", rng.integers(0, 255, (8, PATCH_HEIGHT, PATCH_WIDTH, 3), np.uint8))
        np.save(folder / "joints.npy", joints)
        np.save(folder / "boxes.npy", np.full((8, 2), (90, 180), np.float32))
        np.save(folder / "torso.npy", np.full(8, 40, np.float32))
        rows = [{"split": "validation" if i < 2 else "train", "name": str(i)} for i in range(8)]
        (folder / "index.json").write_text(json.dumps(rows))
    return root


def small_recipe(start: str, *, start_share: float = 0.0, teacher_scale: float = 1.0) -> PoseRecipe:
    """Two steps of two persons."""
    return PoseRecipe(
        height=SIZE.height,
        width=SIZE.width,
        start=start,
        steps=2,
        rate=1e-3,
        mild_from=1,
        batch=2,
        start_share=start_share,
        teacher_scale=teacher_scale,
        mix=MIX,
    )


def test_splits_are_kept_apart(tmp_path: Path) -> None:
    patches = write_patches(tmp_path)
    assert load_patch_set(patches / "lspet", "train").rows.tolist() == [2, 3, 4, 5, 6, 7]
    assert load_patch_set(patches / "lspet", "validation").rows.tolist() == [0, 1]


def test_patches_of_another_network_are_refused(tmp_path: Path) -> None:
    folder = write_patches(tmp_path) / "lspet"
    np.save(folder / "patches.npy", np.zeros((8, 256, 192, 3), np.uint8))
    with pytest.raises(SourceFormatError, match="delete it to cut them anew"):
        load_patch_set(folder, "train")


def test_torso_lengths_follow_the_networks_view(tmp_path: Path) -> None:
    patches = load_patch_set(write_patches(tmp_path) / "lspet", "validation")
    for size in (SIZE, InputSize(height=128, width=192)):
        _, joints = patches.view(0, size)
        moved = np.linalg.norm(joints[0, :2] - joints[1, :2])
        stored = np.linalg.norm(patches.joints[0, 0, :2] - patches.joints[0, 1, :2])
        assert patches.torso_in_view(np.array([0]), size)[0] == pytest.approx(40 * moved / stored, rel=1e-4)


def test_shares_of_the_sets_add_up_to_all_of_a_batch() -> None:
    assert sum(load_recipe().pose.mix.values()) == pytest.approx(1.0)


def test_batches_are_drawn_by_share_from_what_trains_and_are_the_same_each_time(tmp_path: Path) -> None:
    sets = training_sets(write_patches(tmp_path), MIX)
    first, again = (draw_batch(sets, np.random.default_rng((1, 7)), 6, SIZE, MIX) for _ in range(2))
    assert all(torch.equal(one, other) for one, other in zip(first, again, strict=True))
    crops, joints = first
    assert (crops.dtype, crops.shape) == (torch.uint8, (6, SIZE.height, SIZE.width, 3))
    assert joints.shape == (6, 21, 4)
    assert not torch.equal(crops, draw_batch(sets, np.random.default_rng((1, 8)), 6, SIZE, MIX)[0])
    # Patches that must not train would show: they are the only ones without a label.
    for patches in sets:
        patches.joints[:2, :, 2] = 0
    rng = np.random.default_rng(0)
    assert all((draw_batch(sets, rng, 8, SIZE, MIX)[1][:, :, 2] > 0).all() for _ in range(3))


def test_a_teacher_sees_the_same_view_larger(tmp_path: Path) -> None:
    """Each person is turned, moved and recoloured alike, and the smaller crops are those that are drawn alone."""
    root = write_patches(tmp_path)
    halves = np.full((8, PATCH_HEIGHT, PATCH_WIDTH, 3), 60, np.uint8)
    halves[:, PATCH_HEIGHT // 2 :] = 180
    for folder in root.iterdir():
        np.save(folder / "patches.npy", halves)
    sets = training_sets(root, MIX)
    twice = InputSize(height=2 * SIZE.height, width=2 * SIZE.width)
    (small, large), joints = draw_sizes(sets, np.random.default_rng(4), 8, (SIZE, twice), MIX)
    alone, alone_joints = draw_batch(sets, np.random.default_rng(4), 8, SIZE, MIX)
    assert torch.equal(small, alone)
    assert torch.equal(joints, alone_joints)
    halved = torch.nn.functional.avg_pool2d(large.permute(0, 3, 1, 2).float(), 2)
    assert (halved - small.permute(0, 3, 1, 2)).abs().mean() < 4  # they differ at the edges only


def test_a_training_goes_on_where_it_stopped_and_ends_between_its_start_and_what_it_learned(tmp_path: Path) -> None:
    patches = write_patches(tmp_path / "patches")
    weights, checkpoint = write_weights(tmp_path / "tinypose.onnx", random_weights()), tmp_path / "pose/checkpoint.pt"

    def train(start_share: float) -> dict[str, torch.Tensor]:
        recipe = small_recipe("tinypose", start_share=start_share)
        return fit(patches, weights, checkpoint, recipe).state_dict()

    learned = train(0.0)
    before = checkpoint.read_bytes()
    half, start = train(0.5), train(1.0)
    assert checkpoint.read_bytes() == before  # it was finished
    fresh = EdgePose(SIZE)
    start_from_tinypose(fresh, weights)
    for name, value in fresh.state_dict().items():
        assert torch.equal(start[name], value)
        assert torch.allclose(half[name], (value + learned[name]) / 2, atol=1e-6)
    assert not torch.equal(learned["head.weight"], start["head.weight"])


def test_a_slim_network_learns_from_a_wider_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its losses fall, and a finished training needs the wider network's weights no more."""
    monkeypatch.setattr("trainer.fit_pose.WORTH_BATCHES", 2)
    patches, checkpoint = write_patches(tmp_path / "patches"), tmp_path / "pose/checkpoint.pt"
    torch.manual_seed(0)
    wider = EdgePose(SIZE)
    recipe = small_recipe("wide", teacher_scale=2.0)
    slim = fit(patches, tmp_path / "none.onnx", checkpoint, recipe, wider)
    again = fit(patches, tmp_path / "none.onnx", checkpoint, recipe, EdgePose(SIZE))
    assert sum(p.numel() for p in slim.parameters()) < sum(p.numel() for p in wider.parameters())
    for name, value in slim.state_dict().items():
        assert torch.equal(again.state_dict()[name], value)
    # A resumed training mixes in the channels that it started from, not others.
    whole = recipe.model_copy(update={"start_share": 1.0})
    states = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        states.append(fit(patches, tmp_path / "none.onnx", checkpoint, whole, wider).state_dict())
    assert all(torch.equal(states[0][name], value) for name, value in states[1].items())


def test_who_keeps_its_start_imitates_it_both_ways_round(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network, images = EdgePose(SIZE).eval(), torch.randn(2, 3, SIZE.height, SIZE.width)
    with torch.no_grad():
        seen, mirrored = flip_averaged_logits(network, images), flip_averaged_logits(network, images.flip(-1))
    assert torch.allclose(mirrored.flip(-1)[:, list(BODY_21.mirror)], seen, atol=1e-4)
    patches = write_patches(tmp_path / "patches")
    for folder in patches.iterdir():  # nobody is sure, so that nothing contradicts the start
        joints = np.load(folder / "joints.npy")
        joints[..., 3] = 0.3
        np.save(folder / "joints.npy", joints)
    weights = write_weights(tmp_path / "tinypose.onnx", random_weights())
    free = small_recipe("tinypose").model_copy(update={"steps": 4})
    held = free.model_copy(update={"keeps_start": True, "imitation": IMITATION.model_copy(update={"weight": 1e3})})
    start = EdgePose(SIZE)
    start_from_tinypose(start, weights)
    sets = training_sets(patches, MIX)
    images = to_input(draw_batch(sets, np.random.default_rng(5), 8, SIZE, MIX)[0])
    recipes = {"free": free, "held": held}
    networks = {name: fit(patches, weights, tmp_path / name / "pose.pt", recipe) for name, recipe in recipes.items()}
    with torch.no_grad():
        wanted = flip_averaged_logits(start.eval(), images)
        far, near = (imitate_maps(networks[name](images), wanted) for name in ("free", "held"))
    assert near < far


def test_unsure_labels_of_a_teacher_do_not_count_as_truth(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = EdgePose(SIZE)
    patches = load_patch_set(write_patches(tmp_path) / "lspet", "validation")
    found, rise, wanted = predict(model, patches, patches.rows)
    assert (found.shape, rise.shape, wanted.shape) == ((2, 21, 2), (2, 21), (2, 21, 4))
    # The first person's joints lie where the network finds them and are sure, the second's are far off and unsure.
    for row, (score, shift) in enumerate(((0.9, 0.0), (0.4, 500.0))):
        scale = patches.torso_in_view(np.array([row]), SIZE)[0] / patches.torso[row]
        centre = np.array([(PATCH_WIDTH - 1) / 2, (PATCH_HEIGHT - 1) / 2])
        patches.joints[row, :, :2] = (found[row] - SIZE.centre) / scale + centre + shift
        patches.joints[row, :, 3] = score
    assert evaluate(model, [patches]) == {"lspet": 1.0}
    patches.joints[1, :, 3] = 0.9
    assert evaluate(model, [patches]) == {"lspet": 0.5}
