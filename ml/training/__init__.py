"""Recipes: data set to trained network, export and report. Serving never imports this."""
