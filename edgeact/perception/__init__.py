"""From a frame to persons: detect, track, pose, parts, clips, actions, attention."""
