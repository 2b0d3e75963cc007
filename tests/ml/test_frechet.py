"""The distance between sets of features, against what its formula says."""

import numpy as np
import pytest

from ml.training.evaluate import frechet

RNG = np.random.default_rng(4)
ROWS = RNG.normal(size=(400, 6))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (np.zeros((0, 3)), np.zeros((5, 3))),
        (np.zeros((5, 3)), np.zeros((1, 3))),
        (np.zeros((5, 3)), np.zeros((5, 4))),
        (np.zeros((5, 3)), np.full((5, 3), np.nan)),
    ],
    ids=["none", "one", "other length", "not numbers"],
)
def test_what_has_no_distance(first: np.ndarray, second: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"two rows|not finite"):
        frechet.distance(first, second)


@pytest.mark.parametrize("rows", [ROWS, ROWS[:3], np.ones((4, 6))], ids=["many", "fewer than features", "all alike"])
def test_equal_sets_are_at_no_distance(rows: np.ndarray) -> None:
    assert frechet.distance(rows, rows) == pytest.approx(0, abs=1e-9)


def test_a_shift_alone_counts_with_its_square() -> None:
    shift = np.array([3.0, 0, 0, 4.0, 0, 0])
    assert frechet.distance(ROWS, ROWS + shift) == pytest.approx(25)


def test_points_at_two_places() -> None:
    assert frechet.distance(np.zeros((3, 2)), np.full((7, 2), 2.0)) == pytest.approx(8)


def test_against_a_root_of_the_product() -> None:
    """By the formula itself, with the eigenvalues of C1 C2; more rows than features, and fewer."""
    mixed = RNG.normal(size=(300, 6)) @ RNG.normal(size=(6, 6)) + 1.0
    for first, second in ((ROWS, mixed), (ROWS[:5], mixed), (mixed[:4], ROWS[:5])):
        covariances = np.cov(first.T), np.cov(second.T)
        roots = np.sqrt(np.clip(np.linalg.eigvals(covariances[0] @ covariances[1]).real, 0, None)).sum()
        apart = ((first.mean(0) - second.mean(0)) ** 2).sum()
        wanted = apart + sum(np.trace(one) for one in covariances) - 2 * roots
        assert frechet.distance(first, second) == pytest.approx(wanted, rel=1e-5)
        assert frechet.distance(second, first) == pytest.approx(wanted, rel=1e-5)


def test_the_interval_holds_the_truth_of_large_samples() -> None:
    """Normal distributions a known distance apart; the excess that samples of 4,000 have is a hundredth."""
    first, second = RNG.normal(size=(2, 4000, 3)) * np.array([1.0, 2.0])[:, None, None]
    found = frechet.figure(first.astype(np.float32), second.astype(np.float32))
    assert found["images"] == 4000
    assert found["low"] < found["value"] < found["high"]
    assert found["low"] - 0.02 < 3.0 < found["high"] + 0.02
    assert found["high"] - found["low"] < 0.5
