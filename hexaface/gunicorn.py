"""Gunicorn's settings: threads in one process, no fork after the networks are loaded."""

import os
import socket
import struct
import sys
from typing import Any, Final

from hexaface.config import Config
from hexaface.keeper import Keeper, worker_command

_config = Config.from_environ()

bind = f"{f'[{_config.host}]' if ':' in _config.host else _config.host}:{_config.port}"
wsgi_app = "hexaface.wsgi:application"
worker_class = "gthread"
workers = _config.workers
threads = _config.concurrency + _config.queue + 6  # room to answer health checks and 429 while all places are taken
preload_app = False  # a network's threads do not survive a fork
timeout = 120
graceful_timeout = 30
keepalive = 5
max_requests = 0
limit_request_line = 4094
limit_request_fields = 60
limit_request_field_size = 8190
forwarded_allow_ips = "127.0.0.1,::1"
loglevel = "warning"
worker_tmp_dir = None
proc_name = "hexaface"
control_socket_disable = True


SILENCE_SECONDS: Final = 10
_keepers: list[Keeper] = []
"""Of this server process: none or one."""


def when_ready(server: Any) -> None:
    """Cut off clients that fall silent in the middle of a request: each keeps a thread, and a few dozen would keep all of them.

    The kernel hands the bound on to every connection that is accepted.
    """
    for listener in server.LISTENERS:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", SILENCE_SECONDS, 0))


def post_worker_init(_worker: Any) -> None:
    """Say where the portal is once the first answer can be given, and see that jobs have a worker."""
    if _config.worker and _config.tasks == "database":
        _keepers.append(Keeper(command=worker_command(os.getpid()), lock=_config.home / "worker.lock"))
        _keepers[-1].start()
    host = "localhost" if _config.host in {"0.0.0.0", "127.0.0.1", "::", "::1"} else _config.host  # noqa: S104
    sys.stdout.write(f"\n  HexaFace is ready: http://{host}:{_config.port}/  (stop with Ctrl+C)\n\n")
    sys.stdout.flush()


def worker_exit(_server: Any, _worker: Any) -> None:
    """Stop the worker of jobs with the server process that started it."""
    while _keepers:
        _keepers.pop().stop()
