"""Smaller sets of landmarks as fixed linear maps of the 68 iBUG points (Sagonas et al., "300 Faces in-the-Wild", 2013).

iBUG order: 0-16 jaw line, 17-21 and 22-26 eyebrows, 27-35 nose, 36-41 and 42-47 eyes, 48-59 outer and 60-67 inner lip. Its lower
numbers of a pair lie on the left of the image, and so does everything called "left" here.
"""

from typing import Final

import numpy as np

from ml.types import F32, F64

NAMES_5: Final = ("left_eye", "right_eye", "nose", "mouth_left", "mouth_right")
NAMES_15: Final = (
    *("left_eye_center", "right_eye_center", "left_eye_inner_corner", "left_eye_outer_corner"),
    *("right_eye_inner_corner", "right_eye_outer_corner", "left_eyebrow_inner_end", "left_eyebrow_outer_end"),
    *("right_eyebrow_inner_end", "right_eyebrow_outer_end", "nose_tip", "mouth_left_corner"),
    *("mouth_right_corner", "mouth_center_top_lip", "mouth_center_bottom_lip"),
)
_LEFT_EYE: Final = tuple(range(36, 42))
_RIGHT_EYE: Final = tuple(range(42, 48))
_FROM_5: Final[tuple[tuple[int, ...], ...]] = (_LEFT_EYE, _RIGHT_EYE, (30,), (48,), (54,))
_FROM_15: Final[tuple[tuple[int, ...], ...]] = (
    *(_LEFT_EYE, _RIGHT_EYE, (39,), (36,), (42,), (45,)),
    *((21,), (17,), (22,), (26,), (30,), (48,), (54,), (51,), (57,)),
)


def points5_from_68(points_xy: F32 | F64) -> F64:
    """(68, 2) -> (5, 2) in the order of NAMES_5: middles of the eyes, tip of the nose, corners of the mouth."""
    return _means(points_xy, _FROM_5)


def points15_from_68(points_xy: F32 | F64) -> F64:
    """(68, 2) -> (15, 2) in the order of NAMES_15: the points of Kaggle's "Facial Keypoints Detection".

    left_eye_center, right_eye_center, left_eye_inner_corner, left_eye_outer_corner, right_eye_inner_corner,
    right_eye_outer_corner, left_eyebrow_inner_end, left_eyebrow_outer_end, right_eyebrow_inner_end,
    right_eyebrow_outer_end, nose_tip, mouth_left_corner, mouth_right_corner, mouth_center_top_lip, mouth_center_bottom_lip.
    Names and order are Kaggle's, but left is the left of the image; in Kaggle's files it is the person's left.
    """
    return _means(points_xy, _FROM_15)


def _means(points_xy: F32 | F64, groups: tuple[tuple[int, ...], ...]) -> F64:
    if points_xy.shape != (68, 2):
        raise ValueError(f"points_xy must be of shape (68, 2), got {points_xy.shape}")
    return np.array([points_xy[list(group)].mean(axis=0) for group in groups], np.float64)
