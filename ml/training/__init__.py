"""Recipes: data set to trained network, export and report. Serving never imports this."""

import os

# TensorFlow leaves oneDNN off on processors without AVX-512; with it a training step takes half the time there, too.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
