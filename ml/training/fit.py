"""Training: AdamW with a warm-up and a cosine, resumable from its last checkpoint."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import keras
import numpy as np
import tensorflow as tf

from ml.training import losses
from ml.training.batches import Source

_LABELS: Final = ("age_low", "age_high", "gender", "emotion", "votes", "votes_other", "attributes", "mask")


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how fast.

    steps: batches in all. rate, head_rate: learning rates of the trunk and of the heads. minutes: if given, the schedule follows
    the clock and ends then, whatever number of steps that is (a run with it cannot be repeated exactly).
    """

    steps: int
    rate: float = 3e-4
    head_rate: float = 5e-4
    decay: float = 0.03
    warm_up: int = 300
    minutes: float | None = None


@dataclass(slots=True)
class Progress:
    """What a checkpoint keeps beside the weights."""

    step: int = 0
    seconds: float = 0.0
    means: dict[str, float] = field(default_factory=dict)

    def share(self, plan: Plan) -> float:
        """Part of the run that is done, 0..1."""
        done = self.step / plan.steps
        return min(1.0, done if plan.minutes is None else max(done, self.seconds / (60 * plan.minutes)))


@dataclass(frozen=True, slots=True)
class Job:
    """What is trained on what: a model of logits by head, its batches, how crops (n, h, w, 3) uint8 become its input."""

    model: keras.Model
    source: Source
    inputs: Callable[[Any], Any]
    losses: Callable[[Mapping[str, Any], Mapping[str, Any]], dict[str, Any]]


class Trainer:
    """One run in `folder`: log.jsonl, and the checkpoint that it goes on from."""

    def __init__(self, job: Job, plan: Plan, folder: Path) -> None:
        self._job, self._plan, self._folder = job, plan, folder
        model = job.model
        self._heads = [weight for head in model.output_names for weight in model.get_layer(head).trainable_variables]
        mine = {id(weight) for weight in self._heads}
        self._trunk = [weight for weight in model.trainable_variables if id(weight) not in mine]
        self._optimisers = [
            keras.optimizers.AdamW(rate, weight_decay=plan.decay, global_clipnorm=5.0)
            for rate in (plan.rate, plan.head_rate)
        ]
        for optimiser, weights in zip(self._optimisers, (self._trunk, self._heads), strict=True):
            optimiser.build(weights)
        self.progress = Progress()
        self._step = tf.function(self._one_step)
        self._resume()

    def run(self, *, save_every: int = 500, log_every: int = 50) -> None:
        """Train to the end of the plan."""
        plan, progress = self._plan, self.progress
        source = self._job.source.stream(progress.step)
        while progress.share(plan) < 1:
            begun = time.monotonic()
            crops_u8, labels = next(source)
            self._set_rates()
            parts = self._step(tf.constant(crops_u8), {name: tf.constant(getattr(labels, name)) for name in _LABELS})
            self._note({name: float(value) for name, value in parts.items()}, time.monotonic() - begun)
            if progress.step % log_every == 0:
                self._log()
            if progress.step % save_every == 0:
                self.save()
        source.close()
        self.save()

    def save(self) -> None:
        """Write the checkpoint; the old one stays until the new one is complete."""
        arrays = {f"model_{i:04d}": value for i, value in enumerate(self._job.model.get_weights())}
        for number, optimiser in enumerate(self._optimisers):
            arrays |= {f"optimiser{number}_{i:04d}": np.array(v) for i, v in enumerate(optimiser.variables)}
        state = json.dumps({"step": self.progress.step, "seconds": self.progress.seconds})
        temporary = self._folder / "checkpoint.tmp.npz"
        np.savez(temporary, state=np.array(state), **arrays)
        temporary.replace(self._folder / "checkpoint.npz")

    def _resume(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / "checkpoint.npz"
        if not path.exists():
            return
        with np.load(path) as arrays:
            self.progress = Progress(**json.loads(str(arrays["state"])))
            names = sorted(arrays.files)
            self._job.model.set_weights([arrays[name] for name in names if name.startswith("model_")])
            for number, optimiser in enumerate(self._optimisers):
                mine = [name for name in names if name.startswith(f"optimiser{number}_")]
                for variable, name in zip(optimiser.variables, mine, strict=True):
                    variable.assign(arrays[name])

    def _one_step(self, crops_u8: Any, labels: Mapping[str, Any]) -> dict[str, Any]:
        with tf.GradientTape() as tape:
            parts = self._job.losses(self._job.model(self._job.inputs(crops_u8), training=True), labels)
            total = losses.total(parts)
        gradients = tape.gradient(total, [*self._trunk, *self._heads])
        count = len(self._trunk)
        self._optimisers[0].apply(gradients[:count])
        self._optimisers[1].apply(gradients[count:])
        return {"total": total, **parts}

    def _set_rates(self) -> None:
        plan, step = self._plan, self.progress.step
        cosine = 0.5 + 0.5 * float(np.cos(np.pi * self.progress.share(plan)))
        heads = min(1.0, (step + 1) / plan.warm_up) * cosine
        trunk = min(1.0, step / plan.warm_up) * cosine
        self._optimisers[0].learning_rate.assign(plan.rate * trunk)
        self._optimisers[1].learning_rate.assign(plan.head_rate * heads)

    def _note(self, parts: Mapping[str, float], seconds: float) -> None:
        if not np.isfinite(parts["total"]):
            raise FloatingPointError(f"the loss is {parts['total']} in step {self.progress.step}")
        progress = self.progress
        progress.step += 1
        progress.seconds += seconds
        for name, value in parts.items():
            progress.means[name] = 0.98 * progress.means.get(name, value) + 0.02 * value

    def _log(self) -> None:
        progress = self.progress
        row = {"step": progress.step, "minutes": round(progress.seconds / 60, 2)}
        row["done"] = round(progress.share(self._plan), 4)
        row |= {name: round(value, 4) for name, value in progress.means.items()}
        with (self._folder / "log.jsonl").open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(row) + "\n")
        speed = self._job.source.size * progress.step / progress.seconds
        print(f"{100 * row['done']:5.1f} %  {speed:4.0f} images/s  {json.dumps(row)}", flush=True)
