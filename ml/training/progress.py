"""How far a run of training is, what it keeps to go on from, and its log."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

CHECKPOINT: Final = "checkpoint.npz"
_MEMORY: Final = 0.98


@dataclass(slots=True)
class Progress:
    """Batches and seconds of training so far; means: moving ones of what is logged."""

    step: int = 0
    seconds: float = 0.0
    means: dict[str, float] = field(default_factory=dict)

    def note(self, parts: Mapping[str, float], seconds: float) -> None:
        """One batch more. Raises FloatingPointError when a loss is not a number."""
        if not all(np.isfinite(value) for value in parts.values()):
            raise FloatingPointError(f"the losses are {dict(parts)} in step {self.step}")
        self.step += 1
        self.seconds += seconds
        for name, value in parts.items():
            self.means[name] = _MEMORY * self.means.get(name, value) + (1 - _MEMORY) * value

    def log(self, folder: Path, done: float, batch: int) -> None:
        """A row in log.jsonl and a line on the screen; done: part of the run, 0..1."""
        row = {"step": self.step, "minutes": round(self.seconds / 60, 2), "done": round(done, 4)}
        row |= {name: round(value, 4) for name, value in self.means.items()}
        with (folder / "log.jsonl").open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(row) + "\n")
        print(f"{100 * done:5.1f} %  {batch * self.step / self.seconds:4.0f} images/s  {json.dumps(row)}", flush=True)

    def save(self, folder: Path, arrays: Mapping[str, Any]) -> None:
        """Write the checkpoint; the old one stays until the new one is complete."""
        temporary = folder / "checkpoint.tmp.npz"
        np.savez(temporary, state=np.array(json.dumps(asdict(self))), **arrays)
        temporary.replace(folder / CHECKPOINT)


def resumed(folder: Path) -> tuple[Progress, dict[str, Any]]:
    """Progress and arrays of the folder's checkpoint, the arrays by sorted names; none of both when there is none. Makes the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / CHECKPOINT
    if not path.exists():
        return Progress(), {}
    with np.load(path) as stored:
        arrays = {name: stored[name] for name in sorted(stored.files)}
    return Progress(**json.loads(str(arrays.pop("state")))), arrays


def named(arrays: Mapping[str, Any], start: str) -> list[Any]:
    """Those whose names begin so, in order."""
    return [value for name, value in arrays.items() if name.startswith(start)]
