from edgeact.watching.files import file_stems


def test_files_are_named_after_their_sources_and_no_two_alike() -> None:
    assert file_stems(
        [
            "rtsp://***@192.0.2.7:554/a/b?channel=1",
            "/dev/video0",
            "videos/clip.one.mp4",
            "other/clip.one.mkv",
            "clip.one-2.mp4",
            "iterable",
            "http://[2001:db8::1]/../..",
            "...",
        ]
    ) == [
        "192.0.2.7-554-a-b-channel-1",
        "video0",
        "clip.one",
        "clip.one-2",
        "clip.one-2-2",
        "iterable",
        "2001-db8-1",
        "source",
    ]
