"""The yardstick: detector, pose and confidence on other people's pictures, beside published networks."""
