"""What the lifter reads: so many poses of one person, so many seconds apart."""

CLIP_LENGTH = 9
CLIP_STRIDE_SECONDS = 0.1  # 0.8 s: a step of a walking person
