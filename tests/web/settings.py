"""Settings of the test run: a home of its own, plain static files, limits small enough to be reached."""

import atexit
import os
import shutil
import tempfile

_home = tempfile.mkdtemp(prefix="hexaface-tests-")
atexit.register(shutil.rmtree, _home, ignore_errors=True)
for _name in [name for name in os.environ if name.startswith("HEXAFACE_")]:
    del os.environ[_name]
os.environ["HEXAFACE_HOME"] = _home

from hexaface.settings import *  # noqa: E402, F403
from hexaface.settings import STATIC_ROOT, STORAGES  # noqa: E402

STATIC_ROOT.mkdir()
STORAGES = STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
