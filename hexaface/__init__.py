"""The Django project: settings from the environment, addresses, the WSGI application."""

__version__ = "0.1.0"
