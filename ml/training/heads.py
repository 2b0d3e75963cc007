"""Linear heads on the features of a trunk that stays as it is: the first version of the network, and the fine-tuning's start."""

from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any, Final

import keras
import numpy as np
import tensorflow as tf
from sklearn.linear_model import LogisticRegression

from ml.nets.face import HEADS
from ml.training import losses
from ml.training.batches import Crops
from ml.training.corpus import Labels
from ml.training.face_model import Affine, network_input
from ml.types import F32

INVERSE_PENALTY: Final = 0.1  # of 0.001, 0.01 and 0.1 the best on held-out faces


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
    named = {field.name: getattr(labels, field.name) for field in fields(Labels)}
    data = tf.data.Dataset.from_tensor_slices(((features_ - mean) / deviation, named))
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


def fit_binary(features_: F32, labels: F32, weights: F32) -> Affine:
    """One logistic head (n, 1024) -> (n, 1) on (n,) labels of 0 and 1, by all images at once."""
    fitted = LogisticRegression(C=INVERSE_PENALTY, max_iter=500).fit(features_, labels, weights)
    return np.asarray(fitted.coef_.T, np.float32), np.asarray(fitted.intercept_, np.float32)


def _linear(width: int) -> keras.Model:
    inputs = keras.Input((width,))
    dropped = keras.layers.Dropout(0.3)(inputs)
    outputs = {
        task: keras.layers.Dense(units, kernel_initializer="zeros", name=task)(dropped) for task, units in HEADS.items()
    }
    return keras.Model(inputs, outputs)
