"""The expression network while it is trained: normalisation, dropout, and logits."""

from collections.abc import Mapping
from typing import Any, Final

import keras
import numpy as np
import tensorflow as tf

from ml.nets import expression
from ml.training import losses
from ml.training.face_model import Affine
from ml.types import F32

DROPOUT: Final = 0.4
_SPATIAL: Final = 0.1
_MOMENTUM: Final = 0.98
_EPSILON: Final = 1e-3
_NORM: Final = "_norm"


def build() -> keras.Model:
    """Fresh weights; input as ml.nets.expression's; outputs logits (n, 7) by expression.HEADS."""
    inputs = keras.Input((expression.SIDE, expression.SIDE, 1), name="input")
    x = expression.halved(inputs)
    for name, channels in expression.layers():
        x = keras.layers.Conv2D(channels, 3, padding="same", use_bias=False, kernel_initializer="he_normal", name=name)(
            x
        )
        x = keras.layers.ReLU()(_normalised(x, name))
        if name in expression.HALVED:
            x = keras.layers.SpatialDropout2D(_SPATIAL)(keras.layers.MaxPooling2D()(x))
    side = x.shape[1]
    # It begins as the mean over the map.
    mean = keras.initializers.Constant(1 / side**2)
    x = keras.layers.DepthwiseConv2D(side, use_bias=False, depthwise_initializer=mean, name=expression.PLACES)(x)
    x = keras.layers.Flatten(name="features")(_normalised(x, expression.PLACES))
    dropped = keras.layers.Dropout(DROPOUT)(x)
    return keras.Model(
        inputs,
        {head: keras.layers.Dense(7, name=head)(dropped) for head in expression.HEADS},
        name="expression_training",
    )


def network_input(crops_u8: Any) -> Any:
    """(n, 96, 96, 3) RGB as a tensor -> (n, 96, 96, 1) float32 grey, -1..1, as serving makes it."""
    gray = tf.linalg.matvec(tf.cast(crops_u8, tf.float32), tf.constant([0.299, 0.587, 0.114]))
    return gray[..., None] / 127.5 - 1.0


def losses_of(logits: Any, labels: Any) -> dict[str, Any]:
    """Losses of both heads."""
    return {
        "emotion": losses.class_loss(logits["emotion"], labels["emotion"], losses.SMOOTH_EMOTION),
        "votes": losses.votes_loss(logits["votes"], labels["votes"], labels["votes_other"]),
    }


def heads(model: keras.Model) -> dict[str, Affine]:
    """The heads' kernels and biases."""
    pairs = {head: model.get_layer(head).get_weights() for head in expression.HEADS}
    return {head: (np.array(kernel), np.array(bias)) for head, (kernel, bias) in pairs.items()}


def served(model: keras.Model, final_heads: Mapping[str, Affine]) -> keras.Model:
    """The network that is exported: normalisations folded into the convolutions, and these heads."""
    network = expression.build()
    for name, _ in (*expression.layers(), (expression.PLACES, 0)):
        kernel = np.array(model.get_layer(name).get_weights()[0])
        gamma, beta, mean, variance = model.get_layer(f"{name}{_NORM}").get_weights()
        scale: F32 = gamma / np.sqrt(variance + np.float32(_EPSILON))
        # A depthwise kernel's channels come before its multiplier.
        spread = scale[:, None] if name == expression.PLACES else scale
        network.get_layer(name).set_weights([kernel * spread, beta - mean * scale])
    for head, values in final_heads.items():
        network.get_layer(head).set_weights(list(values))
    return network


def _normalised(x: Any, name: str) -> Any:
    return keras.layers.BatchNormalization(momentum=_MOMENTUM, epsilon=_EPSILON, name=f"{name}{_NORM}")(x)
