"""What the lifter learns from: 3D motions of people, seen by random cameras through our own pose errors."""
