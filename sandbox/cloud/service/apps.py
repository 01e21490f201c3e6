"""How to build each service inside one process: its WSGI application and, where it has them, its RPC services.

Every builder ends with everything that the service would otherwise set up lazily at its first request (see eager.py).
The RPC services share the process with the API, so that oslo.messaging's in-process fake:// bus reaches them.
"""

from __future__ import annotations

import os
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass

from .. import providers
from ..configfiles import BACKENDS
from ..settings import Settings
from . import bearer, bus, eager, sqlite


@dataclass
class App:
    """wsgi is served; start_workers runs before the port is bound."""

    wsgi: Callable
    start_workers: Callable[[], list] = list


def build(s: Settings, service: str) -> App:
    """Set up the process for one service and load it."""
    etc = s.etc / service
    os.environ[f"OS_{service.upper()}_CONFIG_DIR"] = str(etc)
    sys.argv = [f"{service}-sandbox"]
    if service in ("octavia", "cinder"):
        sys.argv += ["--config-file", str(etc / f"{service}.conf")]
    if service == "nova":
        from nova import monkey_patch

        monkey_patch.patch(backend="threading")
    elif service == "cinder":
        from cinder import monkey_patch

        monkey_patch.patch(backend="threading")
    bus.install()
    eager.install()
    sqlite.install(undeclared="writer" if service in ("barbican", "octavia") else "reader")
    app = {
        "keystone": _keystone,
        "placement": _placement,
        "glance": _glance,
        "nova": _nova,
        "neutron": _neutron,
        "cinder": _cinder,
        "barbican": _barbican,
        "octavia": _octavia,
        "designate": _designate,
    }[service](s)
    eager.prepare(service)
    return app


def wait_for(s: Settings, *services: str, timeout: float = 120) -> None:
    """Wait until other services of this cloud answer; some must be there before an RPC service may start."""
    end = time.monotonic() + timeout
    for name in services:
        while True:
            try:
                urllib.request.urlopen(s.url(name), timeout=20).close()
                break
            except urllib.error.HTTPError:
                break  # it answers
            except OSError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.1)


def _keystone(s: Settings) -> App:
    from keystone.server import wsgi

    return App(bearer.wrap(wsgi.initialize_public_application(), providers.folder(s)))


def _placement(s: Settings) -> App:
    from placement import wsgi

    return App(wsgi.init_application())


def _glance(s: Settings) -> App:
    from glance.common import wsgi_app

    return App(wsgi_app.init_app())


def _barbican(s: Settings) -> App:
    from oslo_config import cfg

    conf = s.etc / "barbican"
    cfg.find_config_files = lambda *a, **k: [str(conf / "barbican.conf")]  # it looks only in ~/.barbican and /etc
    import barbican.api.app  # noqa: F401  (registers options used by the paste file)
    from paste import deploy

    return App(deploy.loadapp(f"config:{conf / 'barbican-api-paste.ini'}", "main"))


def _octavia(s: Settings) -> App:
    from octavia.api import app

    from hatang.sandbox.cloud.drivers import loadbalancer

    wsgi = app.setup_app(argv=sys.argv)

    def workers() -> list:
        loadbalancer.reconciler.start()
        return [loadbalancer.reconciler]

    return App(wsgi, workers)


def _neutron(s: Settings) -> App:
    os.environ["OS_NEUTRON_CONFIG_FILES"] = "neutron.conf"
    from neutron.wsgi import api

    return App(api.application)


def _nova(s: Settings) -> App:
    import os_vif
    from nova import context, service
    from nova.api.openstack import wsgi_app
    from nova.compute import rpcapi as compute_rpc
    from nova.conductor import rpcapi as conductor_rpc
    from nova.objects import host_mapping
    from nova.scheduler import rpcapi as scheduler_rpc

    from hatang.sandbox.cloud.drivers import compute

    wsgi = wsgi_app.init_application("osapi_compute", "nova-api-os-compute")
    os_vif.initialize()
    sys.modules["nova.virt.hatang_sandbox"] = compute  # nova loads only drivers below nova.virt
    if s.agent_socket:
        from hatang.sandbox.cloud.drivers import hosts

        hosts.SOCKET = s.agent_socket
        compute.SandboxDriver = hosts.HostsDriver  # type: ignore[misc]

    def workers() -> list:
        wait_for(s, "keystone", "placement")  # nova-compute registers its inventory once, at start
        wanted = [
            dict(binary="nova-conductor", topic=conductor_rpc.RPC_TOPIC),
            dict(binary="nova-scheduler", topic=scheduler_rpc.RPC_TOPIC),
        ]
        wanted += [
            dict(host=h, binary="nova-compute", topic=compute_rpc.RPC_TOPIC, topic_alt=compute_rpc.RPC_TOPIC_ALT)
            for h in s.compute_hosts
        ]
        started = []
        for kw in wanted:
            svc = service.Service.create(**kw)
            svc.start()
            svc.servicegroup_api._driver._report_state(svc)  # be "up" now, not only after the first interval
            started.append(svc)
        host_mapping.discover_hosts(context.get_admin_context())  # let the scheduler see new hosts now
        return started

    return App(wsgi, workers)


_heartbeat = threading.Lock()


def _own_heartbeat(kind, svc) -> None:
    """Cinder keeps the id of "the" service on the class: without this, all report as the one that was created last."""
    own, report = kind.service_id, svc.report_state

    def report_state() -> None:
        with _heartbeat:
            kind.service_id = own
            report()

    svc.report_state = report_state


def _cinder(s: Settings) -> App:
    import os_brick
    from cinder import service
    from cinder.common import constants
    from cinder.wsgi import wsgi
    from oslo_config import cfg

    application = wsgi.initialize_application()
    from cinder.scheduler.host_manager import ReadOnlyDict  # needs what the application has loaded

    # A bus between processes makes a dictionary of it on its way; the API copies what it got.
    ReadOnlyDict.copy = lambda self: dict(self.data)
    os_brick.setup(cfg.CONF)

    def workers() -> list:
        wanted = [
            dict(host=f"{cfg.CONF.host}@{n}", service_name=n, binary=constants.VOLUME_BINARY, coordination=True)
            for n in BACKENDS
        ]
        services = []
        for kw in [*wanted, dict(binary="cinder-scheduler")]:
            svc = service.Service.create(**kw)
            _own_heartbeat(service.Service, svc)
            services.append(svc)
        for svc in services:
            svc.start()
            svc.report_state()
        return services

    return App(application, workers)


def _designate(s: Settings) -> App:
    from designate.api import wsgi
    from designate.central import service as central
    from designate.producer import service as producer
    from designate.worker import service as worker

    from hatang.sandbox.cloud.drivers import dns

    application = wsgi.init_application()
    dns.install()

    def workers() -> list:
        first = central.Service()
        first.start()
        dns.fill_default_pool(first)
        rest = [worker.Service(), producer.Service()]
        for svc in rest:
            svc.start()
        return [first, *rest]

    return App(application, workers)
