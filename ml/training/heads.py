"""Linear heads on the features of a trunk that stays as it is: the first version of the network, and the fine-tuning's start."""

from collections.abc import Iterable, Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ml.nets.face import HEADS
from ml.training import losses
from ml.training.batches import Crops
from ml.training.corpus import Labels
from ml.training.face_model import Affine, network_input
from ml.types import F32


def features(model: keras.Model, batches: Iterable[Crops]) -> F32:
    """Crops of the network's input size -> (n, 1024): what the trunk makes of them."""
    trunk = keras.Model(model.input, model.get_layer("features").output)
    run = tf.function(lambda crops_u8: trunk(network_input(crops_u8), training=False), reduce_retracing=True)
    return np.concatenate([run(tf.constant(crops)).numpy() for crops in batches])


def fit_heads(
    features_: F32, labels: Labels, *, epochs: int = 30, size: int = 256, rate: float = 3e-3, seed: int = 7
) -> dict[str, Affine]:
    """Fit all heads with the losses of the fine-tuning."""
    keras.utils.set_random_seed(seed)
    # The features' ranges differ much; AdamW wants them alike.
    mean, deviation = features_.mean(0), features_.std(0) + 0.05
    model = _linear(features_.shape[1])
    data = tf.data.Dataset.from_tensor_slices(((features_ - mean) / deviation, labels.named()))
    data = data.shuffle(len(labels), seed=seed).batch(size, drop_remainder=True).repeat(epochs).prefetch(2)
    steps = epochs * (len(labels) // size)
    optimiser = keras.optimizers.AdamW(keras.optimizers.schedules.CosineDecay(rate, steps), weight_decay=0.05)
    optimiser.build(model.trainable_variables)

    def step(inputs: Any, targets: Mapping[str, Any]) -> None:
        with tf.GradientTape() as tape:
            total = losses.total(losses.losses(model(inputs, training=True), targets))
        optimiser.apply(tape.gradient(total, model.trainable_variables))

    run = tf.function(step)
    for inputs, targets in data:
        run(inputs, targets)
    weights = {task: model.get_layer(task).get_weights() for task in HEADS}
    return {
        task: (kernel / deviation[:, None], bias - (mean / deviation) @ kernel)
        for task, (kernel, bias) in weights.items()
    }


def _linear(width: int) -> keras.Model:
    inputs = keras.Input((width,))
    dropped = keras.layers.Dropout(0.3)(inputs)
    outputs = {
        task: keras.layers.Dense(units, kernel_initializer="zeros", name=task)(dropped) for task, units in HEADS.items()
    }
    return keras.Model(inputs, outputs)
