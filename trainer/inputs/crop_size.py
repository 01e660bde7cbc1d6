"""What the pose network reads: a crop of one person."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class InputSize:
    """Sides of a crop in pixels, multiples of 32."""

    height: int
    width: int

    @property
    def centre(self) -> tuple[float, float]:
        """x, y of its middle, pixel centres being at whole numbers."""
        return (self.width - 1) / 2, (self.height - 1) / 2
