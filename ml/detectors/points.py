"""Five points for boxes that come without: O-Net looks at the box."""

from ml.detectors.refine import ONET_BATCHES, ONET_SIDE, points_of, refine, squares
from ml.runtime import Networks
from ml.types import F32, RgbU8


def points_in(rgb_u8: RgbU8, boxes_xyxy: F32, networks: Networks) -> F32:
    """(n, 4) boxes -> (n, 5, 2) points in the order of POINT_NAMES; no boxes, no points."""
    around = squares(boxes_xyxy)
    answers = refine(rgb_u8, around, networks.get("mtcnn-onet"), ONET_SIDE, ONET_BATCHES)
    return points_of(around, answers[:, 5:])


def five_points(rgb_u8: RgbU8, box_xyxy: F32, networks: Networks) -> F32:
    """(4,) box -> (5, 2) points in the order of POINT_NAMES."""
    points: F32 = points_in(rgb_u8, box_xyxy[None], networks)[0]
    return points
