"""``edgeact train lifting``, ``lifting-comparison``, ``lifting-clips``: how far off and how steady joints in 3D are."""

from pathlib import Path
from typing import Annotated

import typer

from trainer.cli_options import BundleOption, DataOption
from trainer.console import show_progress


def lifting(
    data: DataOption = Path("data"),
    bundle: BundleOption = None,
    errors: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="pose_errors.npz of a training: measures with our own 2D errors too"),
    ] = None,
    every: Annotated[int, typer.Option(min=1, metavar="N", help="measure every n-th pose")] = 5,
) -> None:
    """Measure the 3D joints of a bundle on Human3.6M (S9, S11) and HumanEva, which no lifter that ships has seen.

    Prints the figures as JSON: MPJPE and P-MPJPE in millimetres over the twelve limb joints.
    """
    from trainer.extras import require_extras

    require_extras("edgeact train lifting", ["train"])

    from edgeact.bundle.load import load_bundle
    from trainer.evaluate.lifting import bundle_lifter, measure_lifting, read_error_bank
    from trainer.evaluate.wild.report import as_json

    lift = bundle_lifter(load_bundle(bundle))
    typer.echo(as_json(measure_lifting(lift, data, read_error_bank(errors), every=every)), nl=False)


def lifting_comparison(
    recipe: Annotated[
        Path | None,
        typer.Argument(help=r"a recipe with \[lifter]; without it the default bundle's", show_default=False),
    ] = None,
    data: DataOption = Path("data"),
    work: Annotated[Path, typer.Option(help="folder of the checkpoint, from which a stopped training goes on")] = Path(
        "edgeact-work"
    ),
    every: Annotated[int, typer.Option(min=1, metavar="N", help="measure every n-th pose")] = 5,
    seeds: Annotated[int, typer.Option(min=1, help="how many trainings, each with batches and weights of its own")] = 1,
    steps: Annotated[
        int | None, typer.Option(min=1, help="of each training, instead of the recipe's", show_default=False)
    ] = None,
) -> None:
    """Train the same lifter on Human3.6M's training subjects and measure it on S9 and S11: a comparison, which the
    set's licence keeps from shipping. Prints the figures as JSON; of several seeds the mean and the deviation.
    """
    from trainer.extras import require_extras

    require_extras("edgeact train lifting-comparison", ["train"])

    from trainer.claims.pose_errors import pose_errors
    from trainer.evaluate.lifting import measure_lifting, network_lifter
    from trainer.evaluate.wild.report import as_json
    from trainer.fit_comparison_lifter import fit_comparison
    from trainer.recipe import load_recipe, require_lifter
    from trainer.stages import use_one_thread

    use_one_thread()
    lifter = require_lifter(load_recipe(recipe))
    place = work / "comparison"
    if steps is not None:  # a checkpoint of a longer or shorter training had other rates
        lifter, place = lifter.model_copy(update={"steps": steps}), work / f"comparison_{steps}"
    found = []
    for seed in range(seeds):
        checkpoint = place / ("lifter_net" if seed == 0 else f"lifter_net_{seed}") / "checkpoint.safetensors"
        network = fit_comparison(data / "h36m", checkpoint, lifter, seed=seed)
        found.append(measure_lifting(network_lifter(network), data, None, every=every))
    if seeds == 1:
        typer.echo(as_json(found[0]), nl=False)
        return
    for name in found[0]:
        errors = [(of_seed[name]["mpjpe_mm"], of_seed[name]["p_mpjpe_mm"]) for of_seed in found]
        typer.echo(pose_errors(name, errors).line())


def lifting_clips(
    clips: Annotated[list[Path], typer.Argument(metavar="CLIP...", help="videos with people in them, or folders")],
    bundle: BundleOption = None,
    blazepose: Annotated[
        Path | None, typer.Option(metavar="DIR", help="the unpacked npm package @mediapipe/pose, to stand beside")
    ] = None,
    every: Annotated[int, typer.Option(min=1, metavar="N", help="compare every n-th frame: ten a second")] = 3,
) -> None:
    """Measure how steady a bundle's 3D joints are on real clips: bone lengths that vary, limbs that flip in depth.

    Prints the figures as JSON.
    """
    from trainer.extras import require_extras

    require_extras("edgeact train lifting-clips", ["train"] if blazepose is None else ["train", "label"])

    from edgeact.bundle.load import load_bundle
    from trainer.evaluate.lifting_clips import clips_at, measure_lifted_clips
    from trainer.evaluate.wild.report import as_json
    from trainer.precomputed.blazepose import FULL_FILE, HEAVY_FILE, BlazePose

    files = {} if blazepose is None else {"blazepose_full": FULL_FILE, "blazepose_heavy": HEAVY_FILE}
    peers = {name: BlazePose(blazepose / file) for name, file in files.items() if blazepose is not None}
    shown = show_progress(clips_at(clips), "clips")
    typer.echo(as_json(measure_lifted_clips(load_bundle(bundle), shown, peers, every=every)), nl=False)
