"""Start service processes: import what they share once, then fork one process per service.

Forking saves start time and about a third of the memory. Every service process is its own session, belongs to init,
and holds a lock on its pid record for as long as it lives (see records.py).
"""

from __future__ import annotations

import gc
import importlib
import json
import logging
import os
import signal
import sys
import threading
import time
import traceback

from .. import records
from ..settings import Settings

SHARED_MODULES = [
    "asyncio",
    "sqlalchemy",
    "sqlalchemy.orm",
    "sqlalchemy.dialects.sqlite",
    "webob",
    "paste.deploy",
    "routes",
    "requests",
    "jsonschema",
    "yaml",
    "lxml.etree",
    "netaddr",
    "cryptography.fernet",
    "jinja2",
    "msgpack",
    "wrapt",
    "oslo_config.cfg",
    "oslo_utils.timeutils",
    "oslo_utils.netutils",
    "oslo_serialization.jsonutils",
    "oslo_i18n",
    "oslo_context.context",
    "oslo_log.log",
    "oslo_policy.policy",
    "oslo_middleware",
    "oslo_messaging",
    "oslo_db.sqlalchemy.enginefacade",
    "oslo_cache",
    "oslo_concurrency.processutils",
    "oslo_privsep.priv_context",
    "oslo_reports.guru_meditation_report",
    "oslo_versionedobjects.base",
    "osprofiler.web",
    "osprofiler.sqlalchemy",
    "stevedore",
    "keystoneauth1.session",
    "keystoneauth1.loading",
    "keystoneauth1.identity",
    "keystonemiddleware.auth_token",
    "dogpile.cache",
    "keystoneclient.v3.client",
    "castellan.key_manager",
    "barbicanclient.client",
    "openstack",
    "neutronclient.v2_0.client",
    "waitress",
    "pecan",
]

# How long a thread of a pool waits for work before it looks whether it should end, which none does before its process.
# Once a second, as futurist has it, the 87 of Designate alone take 1.5 % of a core.
IDLE_S = 3600

# Barbican replaces oslo.config's global CONF; modules imported before it would keep the old one.
WITHOUT_PRELOAD = ("barbican",)


def launch(s: Settings, services: list[str]) -> None:
    """Fork the services and print {"service": pid}; returns while they are still loading."""
    _use_threads()
    early = [n for n in services if n in WITHOUT_PRELOAD]
    late = [n for n in services if n not in WITHOUT_PRELOAD]
    pids = {n: _fork(s, n) for n in early}
    if len(late) > 1:
        _preload()
    pids.update({n: _fork(s, n) for n in late})
    print(json.dumps(pids), flush=True)


def _fork(s: Settings, name: str) -> int:
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        _child(s, name)
    return pid


class _NoEventlet:
    """Import hook: libraries import eventlet merely because it is installed, and Nova then refuses to start."""

    UNLESS = ("neutron", "cinder")  # they import it, without using it, and cannot do without

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> None:
        if fullname.partition(".")[0] == "eventlet":
            raise ImportError("native threads only")


_no_eventlet = _NoEventlet()


def _use_threads() -> None:
    """Before any other oslo import: most of them pick eventlet for good when nothing has been chosen yet."""
    sys.meta_path.insert(0, _no_eventlet)
    from oslo_service import backend

    backend.init_backend(backend.BackendType.THREADING)
    from futurist import _thread

    _thread.ThreadWorker.MAX_IDLE_FOR = IDLE_S


def _preload() -> None:
    for module in SHARED_MODULES:
        try:
            importlib.import_module(module)
        except ImportError as e:
            print(f"preload {module}: {e}", file=sys.stderr)
    assert threading.active_count() == 1, "a thread would not survive the fork"
    gc.collect()
    gc.freeze()


def _child(s: Settings, name: str) -> None:
    """Never returns."""
    code = 1
    try:
        os.setsid()
        os.chdir(s.var)
        out = os.open(s.log / f"{name}.out", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        os.dup2(out, 1)
        os.dup2(out, 2)
        record = records.claim(s.run, name)  # noqa: F841  (keeps the lock while this process lives)
        serve(s, name)
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def serve(s: Settings, name: str) -> None:
    """Load one service completely, then bind its port and serve until SIGTERM."""
    start = time.monotonic()
    since = lambda: f"{time.monotonic() - start:.1f} s"  # noqa: E731
    _set_title(f"hatang-sandbox {name} {s.state_dir}")
    if name in _NoEventlet.UNLESS:
        sys.meta_path.remove(_no_eventlet)
    from . import apps, tokencache

    app = apps.build(s, name)
    print(f"{name}: loaded after {since()}", flush=True)
    workers = app.start_workers()  # noqa: F841  (keep them referenced)
    if s.log_level in ("WARNING", "ERROR"):
        logging.getLogger().setLevel(s.log_level)
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # "Task queue depth" at every burst
    import waitress

    server = waitress.create_server(
        tokencache.wrap(app.wsgi),
        host=s.host,
        port=s.port(name),
        threads=s.api_threads,
        connection_limit=2000,
        channel_timeout=300,
        asyncore_use_poll=True,
        clear_untrusted_proxy_headers=False,
        ident=None,
    )
    signal.signal(signal.SIGTERM, _exit_on_signal)
    _collect_less_often()
    print(f"{name}: serving on {s.host}:{s.port(name)} after {since()}", flush=True)
    server.run()  # returns after SystemExit, when running requests have ended


def _collect_less_often() -> None:
    """What is loaded stays: without this the collector goes through it again and again, a tenth of Neutron's time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def _exit_on_signal(signum: int, frame: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise SystemExit(0)


def _set_title(title: str) -> None:
    try:
        import setproctitle

        setproctitle.setproctitle(title)
    except ImportError:
        pass
