"""The web server: ``gunicorn -c iwg_portal/base/gunicorn_conf.py iwg_portal.wsgi``.

Everything is loaded once, before the workers are forked, and frozen: the workers share that memory, and no garbage
collection walks over it (those walks are the 300 ms tails of other Django sites).
"""

import gc
import logging
import os
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "iwg_portal.settings")
from django.conf import settings

gc.disable()  # until the workers run: a collection during start leaves holes in the pages that are to be shared

# `manage.py serve` has opened the port itself and hands it over, so that a restarted web server loses no visitor.
bind = (
    f"fd://{os.environ['IWG_LISTENER']}"
    if "IWG_LISTENER" in os.environ
    else f"0.0.0.0:{os.environ.get('PORT', '8000')}"
)
workers = int(os.environ.get("WEB_WORKERS", "2"))
worker_class = "gthread"
threads = int(os.environ.get("WEB_THREADS", "4"))
preload_app = True
control_socket_disable = True
timeout = 60
graceful_timeout = 8
keepalive = 20
proc_name = "iwg-portal"
if sys.platform == "linux" and os.access("/dev/shm", os.W_OK):
    worker_tmp_dir = "/dev/shm"  # the workers' signs of life; on a disk they can stall

loglevel = "warning" if settings.MODE == "demo" else "info"
logconfig_dict = {
    **settings.LOGGING,
    "loggers": {
        **settings.LOGGING["loggers"],
        "gunicorn.error": {"level": loglevel.upper(), "handlers": [], "propagate": True},
    },
}


def when_ready(server: object) -> None:
    """In the parent, just before the first fork: load what the first visitor would otherwise wait for, and freeze."""
    from iwg_portal.base import warm

    try:
        warm.load_everything()
    except Exception:  # a page shows the same error to somebody who can act on it
        logging.getLogger(__name__).exception("Not everything could be loaded in advance.")
    gc.collect()
    gc.freeze()


def post_fork(server: object, worker: object) -> None:
    gc.enable()
    gc.set_threshold(50_000, 20, 50)
