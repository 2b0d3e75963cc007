"""Apparent gender."""
