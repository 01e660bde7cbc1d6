"""What was seen of a source, as somebody has corrected it: in its pictures, on its timeline and in its events."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from desktop_ui.model.corrections import Correction
from desktop_ui.model.history import History, joined
from desktop_ui.model.timeline import Stretch, TimeOf
from edgeact.types import Observation, Person

# Times are saved as decimals, and those of a camera as times of day: they come back with an error of less than this.
_ROUNDING = 0.005


@dataclass(frozen=True, slots=True)
class SourceCorrections:
    """What has been said of one source. Never changes, so that any thread may use it.

    Attributes:
        said: In the order in which it was said, with times of the source's timeline. ``track`` is the number that the
            tracker gave; what carries on has an end that is infinite, or when the source began anew.
        is_file: The time of the timeline is that of a file, not `time.monotonic`.
    """

    said: tuple[Correction, ...] = ()
    is_file: bool = True

    def number(self, track: int, at: float) -> int:
        """Who a track is at a time: the number that it was given last."""
        numbers = [one.becomes for one in self._about(track, at) if one.becomes is not None]
        return numbers[-1] if numbers else track

    def tracks(self, number: int) -> tuple[int, ...]:
        """The tracks that may be a person: those that were said to be, and the one with the same number."""
        said = [one.track for one in self.said if one.kind == "identity" and one.becomes == number]
        return tuple(dict.fromkeys([*said, number]))

    def track(self, number: int, at: float) -> int:
        """The track that a person is at a time."""
        return next((track for track in self.tracks(number) if self.number(track, at) == number), number)

    def history(self, history_of: Callable[[int], History], number: int, time_of: TimeOf) -> History:
        """What was said of a person, whichever tracks it was.

        Args:
            history_of: Of a track.
            number: Of the person.
            time_of: Seconds of the timeline.
        """
        if not any(number in (one.track, one.becomes) for one in self.said if one.kind == "identity"):
            return history_of(number)
        parts = []
        for track in self.tracks(number):
            whole = history_of(track)
            chosen = np.array([self.number(track, at) == number for at in time_of(whole).tolist()], np.bool_)
            parts.append(whole.part(chosen))
        return joined(parts)

    def told(self, track: int, at: float) -> "Told":
        """What somebody has said of a track at a time."""
        about = self._about(track, at)
        labels = [one.label for one in about if one.kind == "label"]
        return Told(
            self.number(track, at), labels[-1] if labels else None, any(one.kind == "not_person" for one in about)
        )

    def stretches(self, own: Sequence[Stretch], track: int) -> tuple[Stretch, ...]:
        """The stretches of a track as they are shown, each with the number of the person that it was.

        Args:
            own: As the network said.
            track: Whose they are.
        """
        found = list(own)
        for one in self.said:
            if one.track != track or one.kind not in ("label", "not_person"):
                continue
            found = [part for stretch in found for part in _without(stretch, one.start, one.end)]
            if one.kind == "label" and one.label:
                found.append(Stretch(track, one.label, one.start, one.end, is_corrected=True))
        shown = [part for stretch in found for part in self._by_person(stretch)]
        return tuple(sorted(shown, key=lambda stretch: stretch.start))

    def observation(self, seen: Observation) -> Observation:
        """What is shown of a frame: corrected numbers, actions and joints, and nobody who is no person."""
        if not self.said:
            return seen
        at = self.time(seen)
        persons = [self._person(person, at) for person in seen.persons]
        return replace(seen, persons=tuple(person for person in persons if person is not None))

    def time(self, seen: Observation) -> float:
        """The time of a frame on the timeline."""
        return seen.frame.time if self.is_file else seen.frame.captured

    def _about(self, track: int, at: float) -> list[Correction]:
        return [one for one in self.said if one.track == track and one.start - _ROUNDING <= at <= one.end + _ROUNDING]

    def _person(self, person: Person, at: float) -> Person | None:
        about = self._about(person.track_id, at)
        for one in about:
            if one.kind == "not_person":
                return None
            if one.kind == "joint" and one.x is not None and one.y is not None and one.joint in one.joints:
                person = with_joint(person, one.joints.index(one.joint), (one.x, one.y))
            elif one.kind == "label" and one.label and person.readings:
                first = replace(person.readings[0], labels=(one.label,), scores=(1.0,))
                person = replace(person, readings=(first, *person.readings[1:]))
        return replace(person, track_id=self.number(person.track_id, at)) if about else person

    def _by_person(self, stretch: Stretch) -> list[Stretch]:
        """A stretch of a track, cut where the track becomes somebody else."""
        cuts = sorted(
            at
            for one in self.said
            if one.kind == "identity" and one.track == stretch.track_id
            for at in (one.start, one.end)
            if stretch.start < at < stretch.end
        )
        edges, parts = [stretch.start, *cuts, stretch.end], []
        for start, end in pairwise(edges):
            number = self.number(stretch.track_id, (start + end) / 2)
            if number != stretch.track_id:
                parts.append(Stretch(number, stretch.label, start, end, is_corrected=True, seen_as=stretch.track_id))
            else:
                parts.append(replace(stretch, start=start, end=end))
        return parts


@dataclass(frozen=True, slots=True)
class Told:
    """What somebody has said of a moment of a track: who it is, what the person does (or None), that it is nobody."""

    number: int
    label: str | None
    is_nobody: bool


def with_joint(person: Person, joint: int, at: tuple[float, float]) -> Person:
    """The same person with a joint somewhere else, which is certain now; other skeletons may not have it."""
    if joint >= len(person.pose.joints):
        return person
    joints, confidence = person.pose.joints.copy(), person.pose.confidence.copy()
    joints[joint], confidence[joint] = at, 1.0
    return replace(person, pose=replace(person.pose, joints=joints, confidence=confidence))


def _without(stretch: Stretch, start: float, end: float) -> list[Stretch]:
    """What of a stretch lies before and after another one."""
    if stretch.end <= start or stretch.start >= end:
        return [stretch]
    parts = [(stretch.start, start), (end, stretch.end)]
    return [replace(stretch, start=first, end=last) for first, last in parts if last - first > 1e-6]
