"""Which source chooses a checkpoint."""

from trainer.worst_gain import worst_gain


def test_the_set_that_lost_most_beside_the_former_network_chooses() -> None:
    former = {"lspet": 0.5, "coco_mini": 0.8}
    assert worst_gain({"lspet": 0.6, "coco_mini": 0.79}, former) == -0.01
    assert worst_gain({}, former) == 0.0
