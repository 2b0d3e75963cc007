"""Facial expression."""
