"""The WSGI application. Networks are loaded here, once per server process, before the first request."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hexaface.settings")

application = get_wsgi_application()

from apps.core.engine import load_or_exit  # noqa: E402 (settings come first)

load_or_exit()
