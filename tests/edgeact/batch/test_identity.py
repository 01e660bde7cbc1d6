import os
from pathlib import Path

from edgeact.batch.identity import fingerprint_input, run_settings
from edgeact.batch.record import InputRecord
from edgeact.config import PipelineConfig
from tests.results import bundle_without_graphs


def test_a_fingerprint_changes_with_size_and_time_but_not_with_the_folder(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(b"1")
    os.utime(path, ns=(0, 10))
    first = fingerprint_input(path)
    assert first == InputRecord(path=str(path.resolve()), fingerprint=first.fingerprint)
    os.utime(path, ns=(0, 11))
    later = fingerprint_input(path)
    path.write_bytes(b"12")
    os.utime(path, ns=(0, 10))
    larger = fingerprint_input(path)
    assert len({first.fingerprint, later.fingerprint, larger.fingerprint}) == 3
    (tmp_path / "moved").mkdir()
    moved = tmp_path / "moved" / "a.mp4"
    path.rename(moved)
    assert fingerprint_input(moved).fingerprint == larger.fingerprint


def test_a_folder_of_images_changes_with_any_image(tmp_path: Path) -> None:
    for name in ("1.png", "2.png"):
        (tmp_path / name).write_bytes(b"x")
        os.utime(tmp_path / name, ns=(0, 10))
    before = fingerprint_input(tmp_path)
    assert fingerprint_input(tmp_path) == before
    (tmp_path / "3.png").write_bytes(b"x")
    assert fingerprint_input(tmp_path) != before


def test_another_attention_map_is_another_result() -> None:
    def settings(**chosen: object) -> object:
        config = PipelineConfig.model_validate(chosen)
        return run_settings(bundle_without_graphs(), config, every=1, video=True)

    assert settings(attention="joints") != settings()
    assert settings(attention="joints") != settings(attention="none")
    assert "'attention'" not in str(settings())  # as before there was this choice
