"""Apparent age."""
