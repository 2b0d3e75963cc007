"""Losses of the face network's heads; an image counts only for the tasks its set gives a label for.

Labels are numbers, UNKNOWN (-1) where there is none. All functions take logits and give one number: the weighted mean over the
images that count, 0 when none does.
"""

from collections.abc import Mapping
from typing import Any, Final

import tensorflow as tf

from ml.nets.face import YEARS

WEIGHTS: Final = {
    "age": 0.5,
    "years": 0.25,
    "gender": 1.0,
    "emotion": 1.0,
    "votes": 1.0,
    "attributes": 6.0,
    "mask": 1.0,
}
"""What each part adds to the sum; chosen so that all heads' gradients are of about the same size."""
ELSEWHERE: Final = 0.25  # weight of the assumption that people in the other sets wear no mask
SMOOTH_EMOTION: Final = 0.1
SMOOTH_GENDER: Final = 0.02

Tensor = Any


def mean_over(values: Tensor, weights: Tensor) -> Tensor:
    """(n,) values and (n,) weights -> weighted mean; 0 when all weights are 0."""
    return tf.math.divide_no_nan(tf.reduce_sum(values * weights), tf.reduce_sum(weights))


def known(labels: Tensor) -> Tensor:
    """1 where there is a label, else 0."""
    return tf.cast(labels >= 0, tf.float32)


def age_loss(logits: Tensor, low: Tensor, high: Tensor) -> Tensor:
    """Cross-entropy (n, 101) against a bell over the neighbouring years, or the share outside low..high where only that is known."""
    years = tf.range(YEARS, dtype=tf.float32)
    log_p = tf.nn.log_softmax(logits)
    width = 1.0 + 0.04 * low[:, None]
    bell = tf.nn.softmax(-0.5 * tf.square((years - low[:, None]) / width))
    exact = -tf.reduce_sum(bell * log_p, 1) + tf.reduce_sum(bell * tf.math.log(bell + 1e-9), 1)
    outside = (years < low[:, None] - 0.5) | (years > high[:, None] + 0.5)
    within = -tf.reduce_logsumexp(tf.where(outside, -1e9, log_p), 1)
    return mean_over(tf.where(low == high, exact, within), known(low))


def years_loss(logits: Tensor, low: Tensor, high: Tensor) -> Tensor:
    """Years between the expected value and the nearest end of low..high."""
    expected = tf.linalg.matvec(tf.nn.softmax(logits), tf.range(YEARS, dtype=tf.float32))
    return mean_over(tf.nn.relu(low - expected) + tf.nn.relu(expected - high), known(low))


def binary_loss(logits: Tensor, labels: Tensor, smooth: float = 0.0, weights: Tensor = 1.0) -> Tensor:
    """Cross-entropy of (n,) logits with 0/1 labels, softened by `smooth`."""
    target = tf.clip_by_value(labels, smooth / 2, 1 - smooth / 2)
    each = tf.nn.sigmoid_cross_entropy_with_logits(labels=target, logits=logits)
    return mean_over(each, known(labels) * weights)


def class_loss(logits: Tensor, labels: Tensor, smooth: float = 0.0) -> Tensor:
    """Cross-entropy of (n, k) logits with class numbers (n,)."""
    classes = logits.shape[-1]
    target = tf.one_hot(tf.cast(labels, tf.int32), classes) * (1 - smooth) + smooth / classes
    each = tf.nn.softmax_cross_entropy_with_logits(labels=target, logits=logits)
    return mean_over(each, known(labels))


def votes_loss(logits: Tensor, votes: Tensor, other: Tensor) -> Tensor:
    """Cross-entropy of (n, k) logits with the annotators' shares; an image weighs by the share that chose one of the k classes."""
    given = tf.reduce_sum(votes, 1)
    each = tf.nn.softmax_cross_entropy_with_logits(labels=tf.math.divide_no_nan(votes, given[:, None]), logits=logits)
    return mean_over(each, tf.math.divide_no_nan(given, given + other))


def attributes_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Mean cross-entropy over (n, 40) independent attributes."""
    each = tf.nn.sigmoid_cross_entropy_with_logits(labels=tf.maximum(labels, 0.0), logits=logits)
    return mean_over(tf.reduce_mean(each, 1), known(labels[:, 0]))


def mask_loss(logits: Tensor, labels: Tensor, gender: Tensor) -> Tensor:
    """Cross-entropy; images of the other coloured sets (those with a known gender) count a little as unmasked."""
    unmasked = tf.where(gender >= 0, 0.0, labels)
    return binary_loss(
        logits, tf.where(labels >= 0, labels, unmasked), 0.01, tf.where(labels >= 0, 1.0, tf.constant(ELSEWHERE))
    )


def losses(logits: Mapping[str, Tensor], labels: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Every part by name, not yet weighted; see WEIGHTS."""
    low, high = labels["age_low"], labels["age_high"]
    return {
        "age": age_loss(logits["age"], low, high),
        "years": years_loss(logits["age"], low, high),
        "gender": binary_loss(logits["gender"][:, 0], labels["gender"], SMOOTH_GENDER),
        "emotion": class_loss(logits["emotion"], labels["emotion"], SMOOTH_EMOTION),
        "votes": votes_loss(logits["votes"], labels["votes"], labels["votes_other"]),
        "attributes": attributes_loss(logits["attributes"], labels["attributes"]),
        "mask": mask_loss(logits["mask"][:, 0], labels["mask"], labels["gender"]),
    }


def total(parts: Mapping[str, Tensor]) -> Tensor:
    """The weighted sum."""
    return tf.add_n([WEIGHTS[name] * value for name, value in parts.items()])
