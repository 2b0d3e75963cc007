"""What a network keeps between runs."""

import gc
import os
from pathlib import Path

import numpy as np
import pytest

from ml.runtime import Networks

WEIGHTS = Path(__file__).parents[2] / "weights"
TASKS = Path("/proc/self/task")


def helpers() -> int:
    """An interpreter on two cores has a helping thread, which ends with it."""
    gc.collect()
    return sum((task / "comm").read_text().startswith("helper-") for task in TASKS.iterdir())


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="threads are counted as Linux shows them")
def test_interpreters_of_large_inputs_do_not_pile_up() -> None:
    network, before = Networks(WEIGHTS).get("scrfd"), helpers()
    for rows in range(448, 672, 32):  # 0.8 to 1.2 million numbers each
        network.run(np.zeros((1, rows, 640, 3), np.float32), 2)
    assert 1 <= helpers() - before <= 3


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="threads are counted as Linux shows them")
def test_interpreters_of_small_inputs_are_kept() -> None:
    network, before = Networks(WEIGHTS).get("scrfd"), helpers()
    for _ in range(2):
        for rows in range(96, 256, 32):
            network.run(np.zeros((1, rows, 96, 3), np.float32), 2)
    assert helpers() - before == 5
