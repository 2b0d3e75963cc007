"""The WSGI application. Networks are loaded here, once per server process, before the first request.

From then on they follow the database.
"""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hexaface.settings")

_django = get_wsgi_application()

from apps.core.chunked import ChunkedBodies  # noqa: E402 (settings come first)
from apps.core.engine import load_or_exit  # noqa: E402
from apps.versions import watcher  # noqa: E402

load_or_exit()
watcher.start()

application = ChunkedBodies(_django, settings.HEXAFACE.max_body_bytes)
