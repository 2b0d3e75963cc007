"""Forty facial attributes."""
