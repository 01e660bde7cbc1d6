"""What the picture area is made of: the grid, its tiles, and what is painted on them."""
