"""Who a person is and what the person does, in words over the person."""

import cv2

from edgeact.drawing.label_places import Rectangle, place_label
from edgeact.drawing.style import DARK, FONT, LIGHT, track_colour
from edgeact.plain_text import printable
from edgeact.types import Person, UInt8


def label_text(person: Person) -> str:
    """What stands over a person: the track, and the actions of the first head in force with their smoothed scores."""
    words = [f"#{person.track_id}"]
    for reading in person.readings[:1]:
        for label, score in zip(reading.labels, reading.scores, strict=True):
            words.append(f"{printable(label.replace('_', ' '))} {score:.0%}")
    return " ".join(words)


def draw_label(
    image: UInt8,
    person: Person,
    scale: float,
    threshold: float,
    faces: dict[int, Rectangle],
    taken: list[Rectangle],
) -> None:
    """Text on a filled plate over the person's box and head, which may reach out of it; adds the plate to ``taken``."""
    text, size = label_text(person), 0.5 * max(scale, 0.8)
    thickness = 1 if size < 0.9 else 2
    (width, height), baseline = cv2.getTextSize(text, FONT, size, thickness)
    margin = max(2, height // 3)
    x0, y0, x1, y1 = (round(float(value)) for value in person.box)
    sure = person.pose.joints[person.pose.confidence >= threshold]
    top = y0 if len(sure) == 0 else min(y0, round(float(sure[:, 1].min()) - 3 * scale))
    place = place_label(
        (width + 2 * margin, height + baseline + margin),
        box=(x0, top - 1, x1, y1),
        picture=(image.shape[1], image.shape[0]),
        own_face=faces[person.track_id],
        faces=[face for track_id, face in faces.items() if track_id != person.track_id],
        taken=taken,
    )
    if place is None:
        return  # in a crowd as dense as that the colour of the box has to do
    taken.append(place)
    colour = track_colour(person.track_id)
    cv2.rectangle(image, place[:2], place[2:], colour, -1)
    red, green, blue = colour
    ink = DARK if 0.299 * red + 0.587 * green + 0.114 * blue > 120 else LIGHT
    start = (place[0] + margin, place[1] + margin // 2 + height + 1)
    cv2.putText(image, text, start, FONT, size, ink, thickness, cv2.LINE_AA)
