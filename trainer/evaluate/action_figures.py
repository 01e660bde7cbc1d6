"""Figures of a bundle on a held-out part: accuracy of its heads, of both scopes together, and of its maps."""

from trainer.evaluate.held_out import HeadAnswers, VideoAnswers
from trainer.evaluate.judged import HeldOut, Judged
from trainer.evaluate.map_figures import BLOB, map_measures
from trainer.evaluate.metrics.accuracy import single_clip_accuracy, top1, video_accuracy
from trainer.evaluate.metrics.average_precision import mean_average_precision
from trainer.evaluate.report.figure_names import (
    ANSWERED,
    CALL_TIME,
    FRAME_TIME,
    FRAME_WISE,
    MEAN_PRECISION,
    MULTI_CLIP,
    SINGLE_CLIP,
    TOP1,
    VIDEO_WISE,
)
from trainer.evaluate.report.findings import Figure
from trainer.evaluate.report.paper_figures import beside_paper, system_letter


def action_figures(judged: Judged, part: HeldOut) -> list[Figure]:
    """All figures of one bundle, each beside its paper's where the bundle is of a paper that reports one."""
    figures = [figure for found in judged.heads for figure in _of_head(judged, found, part)]
    figures += _together(judged, part)
    return figures + _of_maps(judged, part) + _times(judged)


def title_of(judged: Judged, found: HeadAnswers) -> str:
    """How a head is called on the page: bundle, graph and head."""
    return f"{judged.bundle.manifest.name}: {found.graph.name}/{found.head.name}"


def _of_head(judged: Judged, found: HeadAnswers, part: HeldOut) -> list[Figure]:
    measures = {MEAN_PRECISION: mean_average_precision(found.probability, part.labels)}
    if found.videos is not None:
        measures |= _of_videos(found.videos, part)
    elif not part.is_multi_label:
        measures[TOP1] = top1(found.probability, part.labels)
    return [
        beside_paper(
            system_letter(judged.bundle.manifest.training),
            name,
            title_of(judged, found),
            value,
            head=found.head.name,
            measured_on=f"{part.data_set} {part.split}",
        )
        for name, value in measures.items()
    ]


def _times(judged: Judged) -> list[Figure]:
    """Time of one call of each graph that was run alone, and of one video frame."""
    name = judged.bundle.manifest.name
    graphs = {} if judged.runs else {found.graph.name: found.milliseconds for found in judged.heads}
    figures = [Figure(CALL_TIME, f"{name}: {graph}", time, unit="ms") for graph, time in graphs.items()]
    if judged.frame_milliseconds is not None:
        figures.append(Figure(FRAME_TIME, f"{name}: everything", judged.frame_milliseconds, unit="ms"))
    return figures


def _of_videos(said: VideoAnswers, part: HeldOut) -> dict[str, float]:
    """Accuracies of single clips, of several, of frames and of all frames together."""
    measures = {}
    labels, videos = part.labels, said.frame_videos.tolist()
    if len(said.clips):
        of_clips, clip_videos = labels[said.clip_videos], said.clip_videos.tolist()
        measures[SINGLE_CLIP] = single_clip_accuracy(said.clips, of_clips, clip_videos)
        measures[MULTI_CLIP] = video_accuracy(said.clips, of_clips, clip_videos)
    measures[FRAME_WISE] = top1(said.frames, labels[said.frame_videos])
    measures[VIDEO_WISE] = video_accuracy(said.frames, labels[said.frame_videos], videos)
    if said.answered < 1:
        measures[ANSWERED] = said.answered
    return measures


def _together(judged: Judged, part: HeldOut) -> list[Figure]:
    """The mean of a person's and a scene's first head, where a bundle has both: with and without the given box."""
    person, scene = (
        next((found for found in judged.heads if found.graph.scope == scope), None) for scope in ("person", "scene")
    )
    if person is None or scene is None:
        return []
    mean = (person.probability + scene.probability) / 2
    of = f"{judged.bundle.manifest.name}: {person.head.name} and {scene.head.name} together"
    figures = [Figure(MEAN_PRECISION, of, mean_average_precision(mean, part.labels))]
    if not part.is_multi_label:
        figures.append(Figure(VIDEO_WISE if part.clips else TOP1, of, top1(mean, part.labels)))
    return figures


def _of_maps(judged: Judged, part: HeldOut) -> list[Figure]:
    """How well each map points at those who act."""
    letter = system_letter(judged.bundle.manifest.training)
    figures = []
    for found, maps in judged.maps:
        for name, located in maps.items():
            of = BLOB if name == BLOB else f"{judged.bundle.manifest.name}: {name}, {len(located)} maps"
            figures += [
                beside_paper(letter, measure, of, value, head=name, measured_on=f"{part.data_set} {part.split}")
                for measure, value in map_measures(located, clips=found.graph.clip is not None).items()
            ]
    return figures
