"""Tiny networks with the files, inputs and outputs of the teachers: they find what is bright.

- detector: one box around all bright pixels, with its mean brightness for a score, and one that is no person.
- pose: of each of the 17 joints the map is the crop's brightness, so that all joints lie on the brightest spot;
- second opinion on joints: likewise.
"""

from pathlib import Path

import numpy as np

from tests.toy_graph import build_model
from tests.trainer.tfjs_files import convolution, write_tfjs
from trainer.folders import TINYPOSE_FILE
from trainer.precomputed.movenet import THUNDER_FILES
from trainer.precomputed.teachers import DETECTOR_FILE


def write_teachers(folder: Path) -> Path:
    """Write tiny stand-ins for RTMDet, PP-TinyPose and MoveNet Thunder into a folder, created if missing."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / DETECTOR_FILE).write_bytes(_detector())
    (folder / TINYPOSE_FILE).write_bytes(_pose())
    _write_movenet(folder / THUNDER_FILES[0])
    return folder


def _write_movenet(path: Path) -> None:
    root = "StatefulPartitionedCall"
    cells = np.full((4, 4, 3, 1), 1 / 48, np.float32)  # the mean brightness of a cell, -1..1
    # A bright cell gives a heat of 6, any other a low one; centres are anywhere, and joints are expected there.
    heads = {"kpt_heatmap_0/conv2d_5": (17, 20.0, -14.0), "kpt_regress_0/conv2d_6": (34, 0.0, 0.0)}
    heads |= {"center_0/conv2d_4": (1, 0.0, 0.0), "kpt_offset_0/conv2d_7": (34, 0.0, 0.375)}  # a cell's middle
    nodes = [convolution("cells", f"{root}/sub_1", cells, stride=4)]
    for name, (channels, gain, shift) in heads.items():
        kernel, bias = np.full((1, 1, 1, channels), gain, np.float32), np.full(channels, shift, np.float32)
        nodes.append(convolution(f"{root}/{name}/BiasAdd", "cells", kernel, bias))
    write_tfjs(path, first=f"{root}/sub_1", nodes=nodes)


def _detector() -> bytes:
    text = """detector (float[1,3,H,W] input) => (float[1,2,5] dets, int64[1,2] labels) {
        grey = ReduceMean<keepdims = 0>(input, i01)
        is_bright = Greater(grey, threshold)
        bright = Cast<to = 1>(is_bright)
        across = ReduceMax<keepdims = 0>(bright, i0)
        down = ReduceMax<keepdims = 0>(bright, i1)
        left = ArgMax<axis = 0, keepdims = 1>(across)
        last_column = ArgMax<axis = 0, keepdims = 1, select_last_index = 1>(across)
        top = ArgMax<axis = 0, keepdims = 1>(down)
        last_row = ArgMax<axis = 0, keepdims = 1, select_last_index = 1>(down)
        right = Add(last_column, i1)
        bottom = Add(last_row, i1)
        sides = Concat<axis = 0>(left, top, right, bottom)
        box = Cast<to = 1>(sides)
        row = Concat<axis = 0>(box, score)
        rows = Concat<axis = 0>(row, row)
        dets = Reshape(rows, as_dets)
        labels = Identity(classes)
    }"""
    constants = {
        "i0": np.array([0], np.int64),
        "i1": np.array([1], np.int64),
        "i01": np.array([0, 1], np.int64),
        "threshold": np.float32(1.0),
        "score": np.array([0.8], np.float32),
        "as_dets": np.array([1, 2, 5], np.int64),
        "classes": np.array([[0, 17]], np.int64),
    }
    return build_model(text, constants)


def _pose() -> bytes:
    text = """pose (float[N,3,256,192] image) => (float[N,17,64,48] maps) {
        grey = ReduceMean<keepdims = 1>(image, i1)
        cells = AveragePool<kernel_shape = [4, 4], strides = [4, 4]>(grey)
        above = Sub(cells, threshold)
        scaled = Mul(above, f0_6)
        bright = Clip(scaled, f0, f1)
        maps = Tile(bright, joints)
    }"""
    constants = {
        "i1": np.array([1], np.int64),
        "joints": np.array([1, 17, 1, 1], np.int64),
        "threshold": np.float32(0.9),
        "f0_6": np.float32(0.6),
        "f0": np.float32(0),
        "f1": np.float32(1),
    }
    return build_model(text, constants)
