"""The parts of the cascade: packing, levels, suppression, crops."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from ml.boxes import Overlap, iou_matrix
from ml.detectors import packing, pyramid, refine, suppress
from ml.detectors.shrink import Shrinker, halvings, resized
from ml.runtime import Networks
from ml.training.detection_scores import average_precision, right_ones
from ml.types import F32, RgbU8
from ml.workers import Workers

ROOT = Path(__file__).parents[2]
SIZES = [(12, 12), (21, 400), (240, 320), (401, 267), (480, 640), (512, 512), (601, 799), (960, 1281), (3000, 4000)]


@pytest.mark.parametrize(("height", "width"), SIZES)
@pytest.mark.parametrize("min_face", [12.0, 20.0, 81.5])
def test_every_window_lies_on_one_canvas(height: int, width: int, min_face: float) -> None:
    plan = pyramid.plan(height, width, min_face)
    seen = [np.zeros((-(-level.height // 2) - 5, -(-level.width // 2) - 5), np.int32) for level in plan.levels]
    used = [np.zeros(shape, np.bool_) for shape in plan.packing.canvases]
    for part in plan.packing.parts:
        assert not {value % 2 for value in (part.y, part.x, part.height, part.width, part.top, part.left)} - {0}
        canvas = used[part.canvas][part.top : part.top + part.height, part.left : part.left + part.width]
        assert canvas.shape == (part.height, part.width)
        assert not canvas.any()
        canvas[:] = True
        y, x = part.y // 2, part.x // 2
        seen[part.level][y : y + (part.height - 10) // 2, x : x + (part.width - 10) // 2] += 1
    assert all((cells >= 1).all() for cells in seen)
    assert all((cells == 1).all() for cells in seen)
    assert {(h, w) for w, heights in packing.HEIGHTS_BY_WIDTH.items() for h in heights} >= set(plan.packing.canvases)
    pixels = sum(level.height * level.width for level in plan.levels)
    if pixels > 100_000:
        assert sum(h * w for h, w in plan.packing.canvases) < 1.45 * pixels


def test_few_shapes() -> None:
    assert sum(len(heights) for heights in packing.HEIGHTS_BY_WIDTH.values()) <= 8


@pytest.mark.parametrize(("height", "width"), [(11, 500), (19, 19), (1, 1)])
def test_too_small_for_a_face(height: int, width: int) -> None:
    assert pyramid.plan(height, width, 20.0).levels == ()
    assert pyramid.plan(height, width, 20.0).packing.canvases == ()


def test_levels_are_those_of_the_package() -> None:
    scales = [level.scale for level in pyramid.plan(480, 640, 20.0).levels]
    count = round(-((np.log(480 / 12) / np.log(0.709)) + 1))
    np.testing.assert_allclose(scales, 0.6 * 0.709 ** np.arange(count))


def test_packed_levels_answer_as_whole_ones(astronaut: RgbU8) -> None:
    pnet = Networks(ROOT / "weights").get("mtcnn-pnet")
    image = np.ascontiguousarray(astronaut[:431, 60:391])
    plan = pyramid.plan(*image.shape[:2], 20.0)
    packed = [np.full((packing_cells(level.height), packing_cells(level.width)), np.nan) for level in plan.levels]
    for canvas, parts in pyramid._canvases(image, plan, Workers(2)):
        cells = pnet.run(canvas[None])["cells"][0, ..., 0]
        for part in parts:
            height, width = (part.height - 10) // 2, (part.width - 10) // 2
            piece = cells[part.top // 2 :, part.left // 2 :][:height, :width]
            packed[part.level][part.y // 2 :, part.x // 2 :][:height, :width] = piece
    source = Shrinker(image)
    for level, cells in zip(plan.levels[:4], packed, strict=False):
        whole = pnet.run(
            np.asarray(resized(source.source(level.halvings), level.height, level.width), np.float32)[None]
        )
        rows, columns = (
            level.height // 2 - 5,
            level.width // 2 - 5,
        )  # the last window of an odd side sees repeated pixels
        np.testing.assert_allclose(cells[:rows, :columns], whole["cells"][0, :rows, :columns, 0], atol=1e-3)


def packing_cells(pixels: int) -> int:
    return (pixels + 1) // 2 - 5


def random_boxes(count: int, reach: float) -> tuple[F32, F32]:
    rng = np.random.default_rng(count)
    corners = rng.uniform(0, reach, (count, 2))
    boxes = np.concatenate([corners, corners + rng.uniform(5, 40, (count, 2))], 1).astype(np.float32)
    return boxes, rng.integers(0, 20, count).astype(np.float32)


@pytest.mark.parametrize("over", ["union", "min"])
@pytest.mark.parametrize(("count", "reach"), [(0, 1.0), (1, 1.0), (60, 50.0), (1500, 300.0)])
def test_suppression_keeps_what_no_better_box_overlaps(count: int, reach: float, over: Overlap) -> None:
    boxes, scores = random_boxes(count, reach)
    kept = suppress.suppress(boxes, scores, 0.5, over)
    order = suppress.ranked(boxes, scores)
    expected = [
        index
        for rank, index in enumerate(order)
        if not (iou_matrix(boxes[[index]], boxes[order[:rank]], over) > 0.5).any()
    ]
    assert kept.tolist() == expected


def test_suppression_does_not_depend_on_the_order() -> None:
    boxes, scores = random_boxes(200, 100.0)
    mixed = np.random.default_rng(1).permutation(200)
    one, other = suppress.suppress(boxes, scores, 0.3), suppress.suppress(boxes[mixed], scores[mixed], 0.3)
    assert boxes[one].tolist() == boxes[mixed][other].tolist()


def test_crops_are_bilinear_and_grey_outside() -> None:
    x, y = np.meshgrid(np.arange(100), np.arange(80))
    image = np.stack([x, y, x + y], 2).astype(np.uint8)
    (crop,) = refine.crops(image, np.array([[20, 10, 66, 56]], np.float32), 24)
    steps = np.arange(24) * 2
    expected_x, expected_y = (20 + steps) * 0.99, (10 + steps) * (79 / 80)
    assert np.abs(crop[..., 0] - expected_x[None]).max() <= 1
    assert np.abs(crop[..., 1] - expected_y[:, None]).max() <= 1
    (outside,) = refine.crops(image, np.array([[-60, -60, -20, -20]], np.float32), 24)
    assert (outside == 128).all()


def test_batches_are_few_and_complete() -> None:
    for count in (1, 3, 4, 5, 23, 64, 150):
        batches = list(refine._batched(count, refine.RNET_BATCHES))
        assert sum(taken for _, taken, _ in batches) == count
        assert [start for start, _, _ in batches] == np.cumsum([0, *(taken for _, taken, _ in batches)])[:-1].tolist()
        assert {size for _, _, size in batches} <= set(refine.RNET_BATCHES)


def test_squares_keep_the_centre() -> None:
    square = refine.squares(np.array([[10, 20, 30, 60]], np.float32))
    assert square.tolist() == [[0, 20, 40, 60]]


@pytest.mark.parametrize(
    ("ratio", "times"),
    [(1.0, 0), (1.67, 0), (2.79, 0), (2.81, 1), (5.7, 2), (30, 4)],
)
def test_halvings(ratio: float, times: int) -> None:
    assert halvings(ratio) == times


def test_levels_are_area_averages(astronaut: RgbU8) -> None:
    level = resized(Shrinker(astronaut).source(0), 307, 307)
    expected = cv2.resize(astronaut.astype(np.float32), (307, 307), interpolation=cv2.INTER_AREA)
    np.testing.assert_allclose(level, expected, atol=0.51)
    halved = resized(Shrinker(astronaut).source(1), 40, 40)
    assert np.abs(halved - cv2.resize(astronaut.astype(np.float32), (40, 40), interpolation=cv2.INTER_AREA)).mean() < 1


@pytest.mark.parametrize(
    ("confidences", "right", "faces", "expected"),
    [
        ([], [], 3, 0.0),
        ([0.9, 0.8], [True, True], 2, 1.0),
        ([0.9, 0.8], [True, True], 4, 0.5),
        ([0.9, 0.8, 0.7], [True, False, True], 2, (1 + 2 / 3) / 2),
        ([0.7, 0.8, 0.9], [True, True, False], 2, 2 / 3),
    ],
)
def test_average_precision(confidences: list[float], right: list[bool], faces: int, expected: float) -> None:
    found = average_precision(np.array(confidences, np.float32), np.array(right, np.bool_), faces)
    assert found == pytest.approx(expected)


def test_a_face_is_found_once() -> None:
    face = np.array([[0, 0, 10, 10]], np.float32)
    boxes = np.array([[0, 0, 10, 9], [0, 0, 10, 10], [50, 50, 60, 60]], np.float32)
    assert right_ones(boxes, np.array([0.8, 0.9, 0.95], np.float32), face).tolist() == [False, True, False]
