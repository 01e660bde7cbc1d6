"""How each command line of the documents is run in a test, or why it cannot be."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

from tests.documents import made


@dataclass(frozen=True, slots=True)
class Runs:
    """How a line is run.

    Attributes:
        needs: What makes the files that the line names, one after the other.
        makes: Patterns of files that are there afterwards and were not before.
        says: What stands in its output.
        stands_for: What is put in the place of what a reader has to fill in; ``{camera}`` is an RTSP server with a
            password, ``{streams}`` an HTTP server of MJPEG, ``{folder}`` the working folder.
        added: Options that name tiny networks or make it short.
        slow: It takes more than two seconds.
    """

    needs: tuple[made.Make, ...] = ()
    makes: tuple[str, ...] = ()
    says: str = ""
    stands_for: Mapping[str, str] = field(default_factory=dict)
    added: str = ""
    slow: bool = False


@dataclass(frozen=True, slots=True)
class StaysOut:
    """Why no test runs the line, and what holds what it does instead."""

    why: str


_TINY = made.tiny_bundle_at("tiny")
_ANNOTATED = ("results/clip.mp4", "results/clip.frames.jsonl", "results/clip.events.csv", "results/clip.run.json")
_DATA = {"<data>": "data"}
_WINDOW = "python -m tests.documents.closing_window"
_LONG = "trains on a GPU, or for a day"
_INTERACTIONS = "trains for minutes on a whole data set; tests/trainer/test_fit_paper.py learns from tiny clips so"
_SMALLER = "trains for minutes; tests/deploy/test_compressed.py makes tiny networks narrower and cuts them at an exit"

WAYS: Mapping[str, Runs | StaysOut] = {
    # annotate, convert, verify, doctor
    "edgeact annotate clip.mp4 --out results": Runs((made.clip,), _ANNOTATED),
    "edgeact annotate 'cameras/**/*.mp4' holiday/ --out results --max-persons 2": Runs(
        (made.folders_of_clips, _TINY), ("results/a.mp4", "results/b.mp4", "results/c.mp4"), added="--bundle tiny"
    ),
    "edgeact annotate clip.mp4 --bundle my_bundle --out results": Runs(
        (made.clip, made.tiny_bundle_at("my_bundle")), _ANNOTATED
    ),
    "edgeact annotate clip.mp4 --bundle DIR --out results": Runs((made.clip, made.tiny_bundle_at("DIR")), _ANNOTATED),
    "edgeact annotate clip.mp4 --bundle edgeact-work/loss_guided_small/bundle --out results": Runs(
        (made.clip, made.tiny_bundle_at("edgeact-work/loss_guided_small/bundle")), _ANNOTATED
    ),
    "edgeact annotate clip.mp4 --bundle corrected --out results": Runs(
        (made.clip, made.tiny_bundle_at("corrected")), _ANNOTATED
    ),
    "edgeact annotate photo.jpg --bundle everyday --out results": Runs(
        (made.photo, made.tiny_bundle_at("everyday")), ("results/photo.mp4", "results/photo.frames.jsonl")
    ),
    "edgeact annotate clip.mp4 --config settings.toml --out results": Runs((made.clip, made.settings), _ANNOTATED),
    "edgeact annotate clip.mp4 --bundle with_3d --config settings.toml --out results": Runs(
        (made.clip, made.settings, made.tiny_bundle_at("with_3d")), _ANNOTATED
    ),
    "edgeact convert results/clip --to coco --out clip.coco.json": Runs((made.results,), ("clip.coco.json",)),
    "edgeact convert results/clip.frames.jsonl --to mot --out clip.mot.txt": Runs((made.results,), ("clip.mot.txt",)),
    "edgeact convert results --to openpose --out poses": Runs((made.results,), ("poses/*.json",)),
    "edgeact convert results/clip --to csv --out clip.csv": Runs((made.results,), ("clip.csv",)),
    "edgeact convert results/clip --to parquet --out clip.parquet --overwrite": Runs(
        (made.results,), ("clip.parquet",)
    ),
    "edgeact verify DIR": Runs((made.tiny_bundle_at("DIR"),), says="tiny"),
    "edgeact doctor": Runs(says="hashes match"),
    # watch
    "edgeact watch 0": Runs((made.camera, _TINY), says="/dev/video0: ended", added="--seconds 1 --bundle tiny"),
    "edgeact watch 'rtsp://${CAMERA_LOGIN}@192.0.2.7/stream' --out results": Runs(
        (made.camera_login, _TINY),
        ("results/*.frames.jsonl",),
        stands_for={"${CAMERA_LOGIN}@192.0.2.7/stream": "${{CAMERA_LOGIN}}@{camera}"},
        added="--seconds 1 --bundle tiny",
    ),
    "edgeact watch rtsp://192.0.2.7/a http://192.0.2.8/mjpeg clip.mp4": Runs(
        (made.clip, _TINY),
        says="clip.mp4: ended",
        stands_for={"192.0.2.7/a": f"{made.VIEWER}@{{camera}}", "192.0.2.8": "{streams}"},
        added="--seconds 1 --bundle tiny",
    ),
    'edgeact watch "rtsp://viewer:PASSWORD@192.0.2.7/stream1" --seconds 10': Runs(
        (_TINY,), says="running", stands_for={"192.0.2.7/stream1": "{camera}"}, added="--seconds 1 --bundle tiny"
    ),
    # run
    "edgeact run --init > config.toml": Runs(makes=("config.toml",)),
    "edgeact run --check config.toml": Runs((made.configuration,), says="camera demo"),
    "edgeact run config.toml": Runs((made.configuration,), ("edgeact-state/events.db",)),
    "sudo sh -c 'set -a; . /etc/edgeact/secrets.env; edgeact run --check /etc/edgeact/config.toml'": Runs(
        (made.configuration_of_the_page_for_new_users,),
        says="camera gate",
        stands_for={"sudo ": "", "/etc/edgeact": "{folder}"},
    ),
    "sudo sh -c 'set -a; . /etc/edgeact/secrets.env; edgeact doctor /etc/edgeact/config.toml'": Runs(
        (made.configuration_of_the_page_for_new_users,),
        says="camera gate",
        stands_for={"sudo ": "", "/etc/edgeact": "{folder}"},
    ),
    # the window
    "edgeact gui": Runs((made.home, _TINY), stands_for={"edgeact gui": _WINDOW}, added="--bundle tiny"),
    'pip install ".[desktop]" && edgeact gui edgeact/assets/demo.mp4': Runs(
        (made.home,),
        stands_for={
            'pip install ".[desktop]"': "true",
            "edgeact gui edgeact/assets": f"{_WINDOW} {made.REPOSITORY}/edgeact/assets",
        },
        slow=True,
    ),
    "edgeact gui [SOURCE…] [--bundle NAME|DIR] [--config FILE] [--device D] [--language en|de]": Runs(
        (made.home, made.clip, made.settings, _TINY),
        stands_for={
            "edgeact gui": _WINDOW,
            "[SOURCE…] [--bundle NAME|DIR] [--config FILE] [--device D] [--language en|de]": (
                "clip.mp4 --bundle tiny --config settings.toml --device cpu --language de"
            ),
        },
        slow=True,
    ),
    # data, eval, deploy
    "edgeact data check recordings": Runs((made.labelled_pictures,), says="nothing to put right"),
    "edgeact data check recordings --out check": Runs((made.labelled_pictures,), ("check/sheet.jpg",)),
    "edgeact eval everyday --set stanford40 --data <stanford40>": Runs(
        (made.stanford40, made.example_bundle_at("D", "everyday")),
        ("evaluation/evaluation.html", "evaluation/evaluation.json"),
        stands_for={"<stanford40>": "stanford40"},
        slow=True,
    ),
    "edgeact eval edgeact-work/gated3d_small/bundle --set ut_interaction --data <data>/ut_interaction "
    "--out evaluation": Runs(
        (made.ut_interaction, _TINY),
        ("evaluation/evaluation.html", "evaluation/evaluation.json"),
        stands_for={"edgeact-work/gated3d_small/bundle": "tiny", "<data>": "data"},
    ),
    "edgeact eval compact accurate --set lspet --data <data>/lspet --out evaluation": Runs(
        (made.lspet,), ("evaluation/evaluation.html",), stands_for={"<data>": "data"}
    ),
    "edgeact eval <bundle> <bundle> --set stanford40 --data <set>": Runs(
        (made.stanford40, made.example_bundle_at("B", "b"), made.example_bundle_at("D", "d")),
        ("evaluation/evaluation.html",),
        stands_for={"<bundle> <bundle>": "b d", "<set>": "stanford40"},
        slow=True,
    ),
    "edgeact deploy export NETWORK --weights W.safetensors --labels LABELS.txt --out BUNDLE": Runs(
        (made.weights_of_b, made.labels),
        ("BUNDLE/manifest.json",),
        stands_for={"NETWORK": "loss_guided"},
        added="--side 64 --scope person",
        slow=True,
    ),
    "edgeact deploy check BUNDLE": Runs((made.tiny_bundle_at("BUNDLE"),), says="all taken"),
    "edgeact deploy add-lifter BUNDLE --network WORK/compact/lifter_net/checkpoint.safetensors --out with_3d": Runs(
        (made.tiny_bundle_at("BUNDLE"), made.lifter),
        ("with_3d/manifest.json",),
        slow=True,
    ),
    "edgeact deploy reproduce my_recipe.toml --data <data> --teachers <teachers> --out <bundle> "
    "--frames-of compact": StaysOut(
        "needs the raw data sets and an hour; tests/deploy/test_kept_graphs.py holds what it takes over"
    ),
    "edgeact deploy reproduce my_recipe.toml --data <data> --teachers <teachers> --out <bundle> "
    "--actions-of compact": StaysOut(
        "needs the raw data sets and hours; tests/deploy/test_kept_graphs.py holds what it takes over"
    ),
    "edgeact deploy reproduce my_recipe.toml --data <data> --teachers <teachers> --out <bundle> "
    "--persons-of compact": StaysOut(
        "needs the raw data sets and two hours; tests/deploy/test_kept_graphs.py holds what it takes over"
    ),
    "edgeact deploy reproduce my_recipe.toml --data <data> --teachers <teachers> --out <bundle>": StaysOut(
        "needs the raw data sets and hours; tests/deploy/test_reproduce.py, tests/trainer/test_stages.py hold its steps"
    ),
    # train
    "edgeact train --classes recordings --out my_bundle": Runs(
        (made.recordings, _TINY),
        ("my_bundle/manifest.json", "my_bundle/MODEL_CARD.md"),
        added="--bundle tiny --from-scratch --folds 2 --steps 4",
        slow=True,
    ),
    "edgeact train --classes ut_set1 --out ut_bundle --people 2 --from-scratch --steps 300": Runs(
        (partial(made.recordings, name="ut_set1"), _TINY),
        ("ut_bundle/manifest.json",),
        added="--bundle tiny --folds 2 --steps 4",
        slow=True,
    ),
    "edgeact train --classes rooms --scene efficientnet-lite0-57934424.pth --out DIR": StaysOut(
        "needs published weights; tests/deploy/test_scene_bundle.py does the same with random ones"
    ),
    "edgeact train --classes corrections --keep-actions --right recordings --out corrected": StaysOut(
        "starts from a bundle that edgeact made; tests/deploy/test_class_bundle.py makes one and does the same"
    ),
    "edgeact train paper loss_guided_small --data <data>": Runs(
        (made.sets_of_the_papers,),
        ("edgeact-work/loss_guided_small/bundle/manifest.json",),
        stands_for=_DATA,
        slow=True,
    ),
    "edgeact train paper loss_guided --data <data> --weights resnet50.pth": StaysOut(
        f"{_LONG}; tests/deploy/test_paper_bundle.py trains the same systems small"
    ),
    "torchrun --nproc-per-node 4 -m edgeact train paper loss_guided --data <data> --weights resnet50.pth": StaysOut(
        f"{_LONG}; tests/trainer/test_parallel.py trains in two processes"
    ),
    "edgeact train paper pose_action_pyramid_small --data <data>": StaysOut(_SMALLER),
    "edgeact train compress pose_action_pyramid_small --data <data>": StaysOut(_SMALLER),
    "edgeact train exits pose_action_pyramid_small --data <data> --budget 5": StaysOut(_SMALLER),
    "edgeact train compress action --data <data> --work <work>": StaysOut(_SMALLER),
    "edgeact train everyday --data <stanford40> --weights efficientnet-lite2-9656183e.pth --out everyday": Runs(
        (made.stanford40, made.weights_of_a_backbone),
        ("everyday/manifest.json",),
        stands_for={"<stanford40>": "stanford40"},
        slow=True,
    ),
    "edgeact train claim pooling --data <stanford40> --weights efficientnet-lite2-9656183e.pth "
    "--backbone efficientnet_lite2 --side 320": Runs(
        (partial(made.stanford40, each=4), made.weights_of_a_backbone),
        says="generalised, T=3: mAP",
        stands_for={"<stanford40>": "stanford40"},
        added="--seeds 2 --epochs 1",
        slow=True,
    ),
    "edgeact train claim pooling --data <stanford40> --weights efficientnet-lite0-57934424.pth": Runs(
        (
            partial(made.stanford40, each=4),
            partial(made.weights_of_a_backbone, size="efficientnet_lite0", file="efficientnet-lite0-57934424.pth"),
        ),
        says="generalised, T=5: mAP",
        stands_for={"<stanford40>": "stanford40"},
        added="--seeds 2 --epochs 1",
        slow=True,
    ),
    "edgeact train claim mask_loss --data <stanford40> --weights efficientnet-lite0-57934424.pth": StaysOut(
        "needs weights and a whole data set; tests/trainer/claims/test_tuned_blocks.py trains all on tiny maps"
    ),
    "edgeact train claim tuned_pooling --data <stanford40> --weights efficientnet-lite0-57934424.pth": StaysOut(
        "needs weights and a whole data set; tests/trainer/claims/test_tuned_blocks.py trains all on tiny maps"
    ),
    "edgeact train claim streams --data <stanford40> --weights efficientnet-lite0-57934424.pth": StaysOut(
        "needs weights and a whole data set; tests/trainer/claims/test_part_streams.py trains all on tiny features"
    ),
    "edgeact train claim multitask --lspet <lspet> --data <stanford40> "
    "--weights efficientnet-lite0-57934424.pth": StaysOut(
        "needs weights and a whole data set; tests/trainer/claims/test_multitask.py trains all on tiny maps"
    ),
    "edgeact train claim action_from_poses --data <data>": StaysOut(
        "needs four whole data sets; tests/trainer/claims/test_action_from_poses.py does the same on small ones"
    ),
    "edgeact train claim cam3d --data <data> --teachers <teachers>": StaysOut(
        "needs clips of two people and their teacher; tests/trainer/claims/test_cam3d.py does the same on small ones"
    ),
    "edgeact train claim cam3d_fights --data <data> --teachers <teachers>": StaysOut(
        "trains six networks on hundreds of clips; tests/trainer/claims/test_cam3d.py does the same on small ones"
    ),
    "edgeact train claim cam3d_fights --data <data> --teachers <teachers> --inside": StaysOut(
        "trains six networks on hundreds of clips; tests/trainer/claims/test_cam3d.py does the same on small ones"
    ),
    "edgeact train claim cam3d_studio --data <data>": StaysOut(
        "renders hundreds of clips and trains six networks; tests/trainer/claims/test_studio_clips.py does both, tiny"
    ),
    "edgeact train claim studio_distractors --data <data> --weights efficientnet-lite0-57934424.pth": StaysOut(
        "renders hundreds of pictures and trains eighteen networks; "
        "tests/trainer/claims/test_studio_distractors.py does both, tiny"
    ),
    "edgeact train claim pictures3d --data <data>": StaysOut(
        "renders a thousand clips and trains three networks; tests/trainer/claims/test_pictures3d.py does it, tiny"
    ),
    "edgeact train lifting-comparison --data DATA --work WORK --steps 1500 --every 25 --seeds 3": StaysOut(
        "needs Human3.6M and trains three networks; tests/trainer/test_fit_comparison_lifter.py trains two, tiny"
    ),
    "edgeact train claim pose_and_action_studio --data <data>": StaysOut(
        "renders hundreds of clips and trains 21 networks; tests/trainer/claims/test_studio_clips.py and "
        "test_pose_and_action_studio.py do both, tiny"
    ),
    "edgeact train claim pose_and_action --data <data>": StaysOut(
        "trains five networks; tests/trainer/claims/test_pose_and_action.py trains two smaller ones"
    ),
    "edgeact train paper body_part_aware_interactions --data <data>": StaysOut(_INTERACTIONS),
    "edgeact train paper loss_guided_interactions --data <data> --weights efficientnet-lite0-57934424.pth": StaysOut(
        _INTERACTIONS
    ),
    "edgeact train paper gated3d_interactions --data <data>": StaysOut(_INTERACTIONS),
    "edgeact train paper attentional_pooling_interactions --data <data> "
    "--weights efficientnet-lite0-57934424.pth": StaysOut(_INTERACTIONS),
    "edgeact train paper pose_action_pyramid_interactions --data <data>": StaysOut(_INTERACTIONS),
    "edgeact train bundle-sheet edgeact-work/*_interactions/bundle --clip <clip> --at 2.29 --out papers.jpg": StaysOut(
        "needs what the five lines before it make; tests/trainer/evaluate/report/test_bundle_sheet.py draws"
    ),
    "edgeact train bundle-sheet edgeact-work/loss_guided_small/bundle edgeact-work/gated3d_small/bundle "
    "--clip clip.mp4 --out sheet.jpg": Runs(
        (
            made.clip,
            made.tiny_bundle_at("edgeact-work/loss_guided_small/bundle"),
            made.tiny_bundle_at("edgeact-work/gated3d_small/bundle"),
        ),
        ("sheet.jpg",),
        says="sheet.jpg: 2 bundles",
        added="--at 0.1",
    ),
    "edgeact train --stage pose --data <data> --teachers <teachers>": StaysOut(
        "needs the raw data sets and hours; tests/trainer/test_cli.py and tests/trainer/test_fit_pose.py hold its parts"
    ),
    "edgeact train recipe.toml --stage lifter --data DATA --teachers TEACHERS --work WORK": StaysOut(
        "needs the raw data sets and a teacher; tests/trainer/test_fit_lifter.py trains on people of sticks"
    ),
    # train: what measures
    "edgeact train clips --data <data> --bundle <bundle>": Runs(
        (made.labelled_clips, _TINY), says="UT-Interaction", stands_for={**_DATA, "<bundle>": "tiny"}
    ),
    "edgeact train clips --data <data> --bundle <bundle> --renders <folder>": Runs(
        (made.labelled_clips, partial(made.rendered_clips, name="renders"), _TINY),
        says="people on the floor",
        stands_for={**_DATA, "<bundle>": "tiny", "<folder>": "renders"},
        added="--limit 1",
    ),
    "edgeact train clips --data DATA --bundle BUNDLE --renders WORK/renders --no-recorded --out FIGURES": Runs(
        (partial(made.rendered_clips, name="WORK/renders"), made.tiny_bundle_at("BUNDLE")),
        ("FIGURES/clips.json", "FIGURES/clips.md"),
        stands_for={"DATA": "data"},
        added="--limit 1",
    ),
    "edgeact train empty-hours --data <data> --bundle <bundle>": Runs(
        (made.pictures_without_people, _TINY),
        says="backgrounds",
        stands_for={**_DATA, "<bundle>": "tiny"},
        added="--minutes 0.1",
    ),
    "edgeact train empty-hours --data <data> --bundle <bundle> --renders <folder>": StaysOut(
        "renders for minutes; tests/trainer/evaluate/wild/test_empty_hours.py measures a take that was rendered before"
    ),
    "edgeact train steadiness <clip> <clip> --bundle <bundle>": Runs(
        (made.clip, _TINY), says="Jumps", stands_for={"<clip>": "clip.mp4", "<bundle>": "tiny"}
    ),
    "edgeact train detector-sizes --data <data> --teachers <teachers> --bundle <bundle>": StaysOut(
        "needs the teacher networks; tests/trainer/evaluate/test_detector_sizes.py runs it where they are (marker data)"
    ),
    "edgeact train teacher-sizes --data <data> --teachers <teachers>": Runs(
        (made.pictures_without_people, made.teachers_that_find_what_is_bright),
        says="192×256",
        stands_for={**_DATA, "<teachers>": "teachers"},
    ),
    "edgeact train posture <results> --data <data>": Runs(
        (made.falls,), says="falls", stands_for={"<results>": "results", **_DATA}
    ),
    "edgeact train wild --data <data> --teachers <teachers> --bundle <bundle> --out wild": StaysOut(
        "needs the teacher networks; tests/trainer/evaluate/wild/test_run.py runs it where they are (marker data)"
    ),
    "edgeact train tracking --data <data> --teachers <teachers> --work <folder>": StaysOut(
        "needs the studio's avatars and a teacher network; tests/trainer/evaluate/tracking/test_run.py holds its parts"
    ),
    "edgeact train tracking --data <data> --teachers <teachers> --work <folder> --half report": StaysOut(
        "needs the studio's avatars and a teacher network; tests/trainer/evaluate/tracking/test_run.py holds its parts"
    ),
}
