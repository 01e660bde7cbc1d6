"""Multi-person tracking: the same person keeps the same number from frame to frame."""
