"""How much memory a network takes, measured where nothing else disturbs: in a process of its own, before and after loading it.

    python -m ml.footprint FILE < description.json

prints {"resident_bytes": n}: what one interpreter and one run add to a process that has the runtime loaded already.
"""

import json
import logging
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import numpy as np

from ml.eightbit import in_precision
from ml.errors import NotReady
from ml.manifest import Precision

logger = logging.getLogger(__name__)
SECONDS: Final = 120


def measure(file: Path, shape: tuple[int, ...], precision: Precision) -> int:
    """Bytes that loading a LiteRT file and running it once on zeros of `shape` add to this process. Linux only."""
    from ai_edge_litert.interpreter import Interpreter  # noqa: PLC0415

    before = resident()
    interpreter: Any = Interpreter(model_content=in_precision(file.read_bytes(), precision), num_threads=1)
    detail = interpreter.get_input_details()[0]
    if tuple(detail["shape"]) != shape:
        interpreter.resize_tensor_input(detail["index"], shape)
    interpreter.allocate_tensors()
    interpreter.set_tensor(detail["index"], np.zeros(shape, np.float32))
    interpreter.invoke()
    return resident() - before


def resident() -> int:
    """Resident bytes of this process. Raises NotReady where the system does not tell."""
    try:
        status = Path("/proc/self/status").read_text("ascii")
    except OSError as error:
        raise NotReady("This system does not tell how much memory a process holds.") from error
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmRSS"))


def in_child(file: Path, shape: tuple[int, ...], precision: Precision) -> int | None:
    """`measure` in a fresh process; None when it cannot be measured."""
    command = [sys.executable, "-m", "ml.footprint", str(file)]
    folder = Path(__file__).parents[1]
    try:
        done = subprocess.run(  # noqa: S603  our own module
            command,
            input=json.dumps({"shape": shape, "precision": precision}),
            cwd=folder,
            capture_output=True,
            text=True,
            check=True,
            timeout=SECONDS,
        )
        return int(json.loads(done.stdout)["resident_bytes"])
    except (subprocess.SubprocessError, OSError, ValueError, KeyError):
        logger.exception("the memory of %s could not be measured", file.name)
        return None


def main() -> None:
    """Read shape and precision from standard input, measure, print."""
    asked = json.load(sys.stdin)
    found = measure(Path(sys.argv[1]), tuple(asked["shape"]), asked["precision"])
    sys.stdout.write(json.dumps({"resident_bytes": found}))


if __name__ == "__main__":
    main()
