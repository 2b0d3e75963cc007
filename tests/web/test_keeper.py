"""The thread that keeps the worker of background jobs alive."""

import time
from pathlib import Path

from hexaface.keeper import Keeper

PATIENCE_SECONDS = 20


def test_a_worker_that_cannot_be_started_is_tried_again(tmp_path: Path) -> None:
    command, sign = tmp_path / "worker", tmp_path / "sign"
    keeper = Keeper(command=[str(command)], lock=tmp_path / "lock")
    keeper.start()
    try:
        time.sleep(0.3)  # the first start has failed by now
        draft = tmp_path / "draft"
        draft.write_text(f"#!/bin/sh\ntouch {sign}\n", "ascii")
        draft.chmod(0o700)
        draft.rename(command)
        end = time.monotonic() + PATIENCE_SECONDS
        while not sign.exists() and time.monotonic() < end:
            time.sleep(0.1)
        assert sign.exists()
    finally:
        keeper.stop()
