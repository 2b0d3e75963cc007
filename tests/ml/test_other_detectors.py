"""The comparison of detectors: decoding, looking closer, and which faces count as found. No data, no published weights."""

import cv2
import numpy as np
import pytest

keras = pytest.importorskip("keras")

from ml.nets import ssd, tinyyolo  # noqa: E402
from ml.training.detection_scores import Photo, outcome_of  # noqa: E402
from ml.training.other_detectors import compare, misses, table  # noqa: E402
from ml.training.other_detectors.square import enlarged, greedy, tiled  # noqa: E402
from ml.types import F32, RgbU8  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")
RNG = np.random.default_rng(3)


def f32(*rows: object) -> F32:
    return np.array(rows, np.float32)


def spots(rgb_u8: RgbU8) -> tuple[F32, F32]:
    """A detector of bright spots: their boxes, the share of the image they cover as confidence."""
    _, _, stats, _ = cv2.connectedComponentsWithStats((rgb_u8[..., 0] > 127).astype(np.uint8))
    rows = np.asarray(stats[1:], np.float32).reshape(-1, 5)
    boxes = np.concatenate([rows[:, :2], rows[:, :2] + rows[:, 2:4]], 1)
    return boxes, np.asarray(rows[:, 4] / rgb_u8[..., 0].size, np.float32)


def spotted(*boxes: tuple[int, int, int, int]) -> RgbU8:
    image = np.zeros((100, 200, 3), np.uint8)
    for x1, y1, x2, y2 in boxes:
        image[y1:y2, x1:x2] = 255
    return image


def test_no_anchors_no_boxes() -> None:
    assert ssd.decode(np.zeros((0, 5), np.float32), np.zeros((0, 4), np.float32)).shape == (0, 4)


def test_anchors_that_do_not_move_are_the_boxes() -> None:
    anchors = f32([0.1, 0.2, 0.3, 0.6], [0.5, 0.5, 0.9, 0.6])
    np.testing.assert_allclose(ssd.decode(np.zeros((2, 5), np.float32), anchors), anchors[:, [1, 0, 3, 2]], atol=1e-6)


def test_anchors_move_by_their_sides_and_grow() -> None:
    # down by half the height (5 tenths), left by a fifth of the width (2 tenths), twice as high
    answers = f32([9.0, 5.0, -2.0, 5 * np.log(2), 0.0])
    anchors = f32([0.4, 0.3, 0.6, 0.7])
    np.testing.assert_allclose(ssd.decode(answers, anchors), f32([0.22, 0.4, 0.62, 0.8]), atol=1e-6)


def test_folded_kernel_computes_convolution_and_normalisation() -> None:
    x = RNG.standard_normal((1, 7, 7, 4)).astype(np.float32)
    convolution, norm = keras.layers.DepthwiseConv2D(3, use_bias=False), keras.layers.BatchNormalization(epsilon=1e-3)
    norm(convolution(x))
    parts = ("gamma", "beta", "moving_mean", "moving_variance")
    norm.set_weights([RNG.uniform(0.5, 2, 4).astype(np.float32) for _ in parts])
    stored = {f"a/BatchNorm/{part}": value for part, value in zip(parts, norm.get_weights(), strict=True)}
    kernel, bias = ssd._folded("a", {"a/depthwise_weights": convolution.get_weights()[0], **stored})
    one = keras.layers.DepthwiseConv2D(3)
    one.build(x.shape)
    one.set_weights([kernel, bias])
    np.testing.assert_allclose(one(x), norm(convolution(x), training=False), atol=1e-5)


def test_cells_of_zeros_are_the_tiny_detectors_anchors() -> None:
    boxes, logits = tinyyolo.decode(np.zeros((2, 4, 25), np.float32))
    assert boxes.shape == (40, 4)
    assert not logits.any()
    sides = (boxes[:, 2:] - boxes[:, :2]) * f32(4, 2)
    np.testing.assert_allclose(sides, np.tile(tinyyolo.ANCHORS, (8, 1)), rtol=1e-5)
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    np.testing.assert_allclose(centres[::5], [[(x + 0.5) / 4, (y + 0.5) / 2] for y in range(2) for x in range(4)])


def test_a_box_that_is_gone_suppresses_nothing() -> None:
    boxes = f32([0, 0, 10, 10], [4, 0, 14, 10], [8, 0, 18, 10])
    assert greedy(boxes[:0], f32()[0:0], 0.3) == []
    assert greedy(boxes, f32(0.5, 0.9, 0.7), 0.3) == [1]
    assert greedy(boxes, f32(0.9, 0.7, 0.5), 0.3) == [0, 2]


def test_enlarging_gives_boxes_of_the_photograph_as_it_was() -> None:
    boxes, _ = enlarged(spots, 2.0)(spotted((40, 20, 60, 50)))
    np.testing.assert_allclose(boxes, [[40, 20, 60, 50]], atol=0.5)
    assert enlarged(spots, 1.5)(spotted())[0].shape == (0, 4)


def test_tiles_find_each_spot_once_and_keep_no_half_of_one() -> None:
    # in a corner, cut by every tile, and inside the overlap of all four
    wanted = {(0, 0, 10, 10), (20, 30, 190, 70), (95, 46, 105, 54)}
    for box in wanted:
        found, confidences = tiled(spots)(spotted(box))
        assert [tuple(row) for row in found.tolist()] == [box]
        assert len(confidences) == 1
    assert tiled(spots)(spotted())[0].shape == (0, 4)


def test_a_box_finds_one_face_and_only_above_the_threshold() -> None:
    faces = f32([0, 0, 10, 10], [1, 0, 11, 10], [50, 50, 60, 60])
    found = f32([0, 0, 10, 10], [50, 50, 60, 61]), f32(0.9, 0.4)
    assert misses.faces_found(found, faces, 0.3).tolist() == [True, False, True]
    assert misses.faces_found(found, faces, 0.5).tolist() == [True, False, False]
    assert misses.faces_found((found[0][:0], found[1][:0]), faces, 0.0).tolist() == [False] * 3


def test_threshold_is_where_the_precision_is_still_reached() -> None:
    photo = Photo("facemask", spotted(), f32([0, 0, 10, 10], [50, 50, 60, 60]))
    boxes = f32([0, 0, 10, 10], [20, 20, 30, 30], [50, 50, 60, 60], [80, 80, 90, 90])
    outcome = outcome_of(photo, boxes, f32(0.9, 0.8, 0.7, 0.6))
    assert compare.threshold_at([outcome], 1.0) == pytest.approx(0.9)
    assert compare.threshold_at([outcome], 0.6) == pytest.approx(0.7)
    assert compare.threshold_at([outcome_of(photo, boxes[1:2], f32(0.8))], 0.6) > 1


def test_faces_are_grouped_by_size_and_mask() -> None:
    photo = Photo("facemask", spotted(), f32([0, 0, 8, 10], [0, 0, 30, 20], [0, 0, 60, 60]))
    labels = [["with_mask", "with_mask", "without_mask"]]
    groups = misses.by_group([photo], labels, {"ours": [np.array([False, True, True])]})
    assert groups["under 12 pixels"] == {"faces": 1, "ours": 0.0}
    assert groups["24 to 32 pixels"] == {"faces": 1, "ours": 1.0}
    assert groups["mask, 24 and more"] == {"faces": 1, "ours": 1.0}
    assert set(groups) == {
        "under 12 pixels",
        "24 to 32 pixels",
        "48 pixels and more",
        "mask, under 24",
        "mask, 24 and more",
        "no mask, 24 and more",
    }


def test_tables_say_what_the_report_says() -> None:
    figures = {"ap": 0.5, "low": 0.4, "high": 0.6, "recall_at_that_precision": 0.25}
    groups = {"under 12 pixels": {"faces": 3, "ours": 0.333}}
    report = {
        "precision_of_the_package": {"fddb": 0.9558, "facemask": 0.9235},
        "detectors": {"ours": {"fddb": figures, "facemask": figures}},
        "time_relative_to_served": {"ours": 1.0},
        "found_by_group": groups,
        "stages_by_group": groups,
    }
    assert list(table.tables({})) == []
    compared, found, _ = table.tables(report)
    assert "| ours | 0.500 (0.400 to 0.600) | 25.0 % | 0.500 (0.400 to 0.600) | 25.0 % | 1.00 |" in compared
    assert "| under 12 pixels | 3 | 33.3 % |" in found
