"""People of photos stand still, and what a posture may be held in stays possible."""

import json
from pathlib import Path

from trainer.data.action_sequences import OTHER
from trainer.data.still_people import still_people


def test_everybody_of_a_photo_is_a_sequence_that_does_not_move(tmp_path: Path) -> None:
    person = {"box": [0, 0, 10, 20], "score": 0.9, "joints": [[i, 2 * i, 0.1 if i > 12 else 0.9] for i in range(17)]}
    rows = [{"file": f"images/{name}_001.jpg", "persons": [person, person]} for name in ("cooking", "playing_guitar")]
    (tmp_path / "stanford40.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = list(still_people(tmp_path))
    assert [s.allowed for s in found] == [(OTHER,)] * 2 + [(OTHER, "strum_guitar")] * 2
    for sequence in found:
        assert (sequence.joints == sequence.joints[:1]).all()
        assert sequence.joints[0, 1].tolist() == [5, 10, 1]  # the left shoulder
        assert (sequence.joints[0, 9:, 2] == 0).all()  # nobody saw knees and ankles
