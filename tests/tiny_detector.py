"""The detector of the toy world: run lengths of bright pixels in four directions give every bright pixel its rectangle;
the most central ones are the peaks.
"""

import numpy as np
import numpy.typing as npt

from tests.toy_graph import build_model


def _run_length(name: str, axis: int, forward: bool) -> str:
    """Lines that count the bright pixels from each pixel on (itself included) along an axis, by doubling: up to 128."""
    before, after = [0, 0, 0, 0], [0, 0, 0, 0]
    lines = [f"{name}_1 = Identity(mask)"]
    for step in (1, 2, 4, 8, 16, 32, 64):
        (after if forward else before)[axis] = step
        pads = ", ".join(str(value) for value in before + after)
        # Counted from the end, so that pictures may have any size; one that has fewer pixels leaves nothing.
        start, end = (f"i{step}", "far") if forward else ("i0", f"back{step}")
        lines += [
            f"{name}_slice_{step} = Slice({name}_{step}, {start}, {end}, i{axis})",
            f"{name}_pads_{step} = Constant<value_ints = [{pads}]>()",
            f"{name}_shifted_{step} = Pad({name}_slice_{step}, {name}_pads_{step})",
            f"{name}_is_full_{step} = Equal({name}_{step}, f{step})",
            f"{name}_full_{step} = Cast<to = 1>({name}_is_full_{step})",
            f"{name}_more_{step} = Mul({name}_full_{step}, {name}_shifted_{step})",
            f"{name}_{2 * step} = Add({name}_{step}, {name}_more_{step})",
        ]
    return "\n".join(lines) + "\n"


def build_detector(height: int | str, width: int | str) -> bytes:
    """The detector's graph for pictures of a size, or of any: "H" and "W"."""
    text = f"detector (uint8[1,{height},{width},3] image) => (float[1,100,4] boxes, float[1,100] scores) {{"
    text += """
        pixels = Cast<to = 1>(image)
        planes = Transpose<perm = [0, 3, 1, 2]>(pixels)
        grey = ReduceMean<keepdims = 1>(planes, i1)
        small = AveragePool<kernel_shape = [2, 2], strides = [2, 2]>(grey)
        is_bright = Greater(small, f180)
        mask = Cast<to = 1>(is_bright)
        """
    for name, axis, forward in (("right", 3, True), ("left", 3, False), ("down", 2, True), ("up", 2, False)):
        text += _run_length(name, axis, forward)
    text += """
        width = Add(left_128, right_128)
        height = Add(up_128, down_128)
        x_skew = Sub(left_128, right_128)
        y_skew = Sub(up_128, down_128)
        x_off = Abs(x_skew)
        y_off = Abs(y_skew)
        safe_width = Max(width, f1)
        safe_height = Max(height, f1)
        x_share = Div(x_off, safe_width)
        y_share = Div(y_off, safe_height)
        x_central = Sub(f1, x_share)
        y_central = Sub(f1, y_share)
        central = Mul(x_central, y_central)
        is_large = Greater(width, f4)
        large = Cast<to = 1>(is_large)
        inside = Mul(central, mask)
        sized = Mul(inside, large)
        scored = Mul(sized, best)
        cells_shape = Shape<start = 2>(mask)
        cells_down, cells_across = Split<axis = 0, num_outputs = 2>(cells_shape)
        row_count = Squeeze(cells_down, i0)
        column_count = Squeeze(cells_across, i0)
        row_numbers = Range(n0, row_count, n1)
        column_numbers = Range(n0, column_count, n1)
        row_values = Cast<to = 1>(row_numbers)
        column_values = Cast<to = 1>(column_numbers)
        row_line = Unsqueeze(row_values, i013)
        column_line = Unsqueeze(column_values, i012)
        every = Mul(mask, f0)
        rows = Add(every, row_line)
        columns = Add(every, column_line)
        row_loss = Mul(rows, row_tie)
        column_loss = Mul(columns, column_tie)
        loss = Add(row_loss, column_loss)
        tie_break = Sub(f1, loss)
        ranked = Mul(scored, tie_break)
        pooled = MaxPool<kernel_shape = [9, 9], pads = [4, 4, 4, 4]>(ranked)
        is_peak = Equal(pooled, ranked)
        peak = Cast<to = 1>(is_peak)
        peaks = Mul(peak, ranked)
        flat = Reshape(peaks, flat_shape)
        scores, order = TopK<axis = 1>(flat, k)
        x_min = Sub(columns, left_128)
        y_min = Sub(rows, up_128)
        x_max = Add(columns, right_128)
        y_max = Add(rows, down_128)
        map_boxes = Concat<axis = 1>(x_min, y_min, x_max, y_max)
        flat_boxes = Reshape(map_boxes, box_shape)
        cells = Transpose<perm = [1, 0]>(flat_boxes)
        index = Reshape(order, k)
        chosen = Gather<axis = 0>(cells, index)
        pixels_boxes = Mul(chosen, f2)
        shifted = Add(pixels_boxes, edge)
        boxes = Unsqueeze(shifted, i0)
    }"""
    constants: dict[str, npt.NDArray[np.generic]] = {
        f"i{n}": np.array([n], np.int64) for n in (0, 1, 2, 3, 4, 8, 16, 32, 64)
    }
    constants |= {f"back{n}": np.array([-n], np.int64) for n in (1, 2, 4, 8, 16, 32, 64)}
    constants |= {f"f{n}": np.float32(n) for n in (0, 1, 2, 4, 8, 16, 32, 64, 180)}
    constants |= {f"n{n}": np.array(n, np.int64) for n in (0, 1)}
    constants |= {
        "far": np.array([1 << 30], np.int64),
        "i012": np.array([0, 1, 2], np.int64),
        "i013": np.array([0, 1, 3], np.int64),
        "best": np.float32(0.95),
        "row_tie": np.float32(1e-6),
        "column_tie": np.float32(1e-5),
        "flat_shape": np.array([1, -1], np.int64),
        "box_shape": np.array([4, -1], np.int64),
        "k": np.array([100], np.int64),
        "edge": np.array([2, 2, -1, -1], np.float32),  # runs count the pixel itself, and a cell is two pixels wide
    }
    return build_model(text, constants)
