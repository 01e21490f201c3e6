"""Create the databases of one service: `python -m hatang.sandbox.cloud.service schema STATE_DIR SERVICE`.

Stock tools where they accept SQLite. Neutron, Octavia and Barbican do not (their migrations ALTER constraints), so
their current models are created directly; Neutron is stamped at its migration heads and Octavia gets its lookup rows.
"""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path

from ..settings import SERVICES, Settings


def create(s: Settings, service: str) -> None:
    """Create every database of the service, then switch it to write-ahead logging for good."""
    {
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
    for name in SERVICES[service].databases:
        with sqlite3.connect(s.db / f"{name}.sqlite") as db:
            db.execute("PRAGMA journal_mode=WAL")  # a persistent property of the file
        db.close()


def _tool(main: Callable[[], object], conf: Path, *commands: tuple[str, ...]) -> None:
    """Run a *-manage entry point several times; each run is forked because the tools initialise globals once."""
    for args in commands:
        pid = os.fork()
        if pid == 0:
            sys.argv = ["manage", "--config-file", str(conf), *args]
            try:
                code = main() or 0
            except SystemExit as e:
                code = e.code or 0
            except BaseException:
                import traceback

                traceback.print_exc()
                code = 1
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code if isinstance(code, int) else 1)
        status = os.waitpid(pid, 0)[1]
        if status:
            raise SystemExit(f"{main.__module__} {' '.join(args)}: status {status}")


def _keystone(s: Settings) -> None:
    import grp
    import pwd

    from keystone.cmd import manage

    for name in ("fernet", "credential"):
        (s.etc / "keystone" / name).mkdir(mode=0o700, parents=True, exist_ok=True)
    owner = (
        "--keystone-user",
        pwd.getpwuid(os.getuid()).pw_name,
        "--keystone-group",
        grp.getgrgid(os.getgid()).gr_name,
    )
    _tool(
        manage.main,
        s.etc / "keystone" / "keystone.conf",
        ("db_sync",),
        ("fernet_setup", *owner),
        ("credential_setup", *owner),
        (
            "bootstrap",
            "--bootstrap-password",
            s.admin_password,
            "--bootstrap-public-url",
            s.auth_url,
            "--bootstrap-internal-url",
            s.auth_url,
            "--bootstrap-admin-url",
            s.auth_url,
            "--bootstrap-region-id",
            s.region,
        ),
    )


def _placement(s: Settings) -> None:
    os.environ["OS_PLACEMENT_CONFIG_DIR"] = str(s.etc / "placement")
    from placement.cmd import manage

    _tool(manage.main, s.etc / "placement" / "placement.conf", ("db", "sync"))


def _glance(s: Settings) -> None:
    from glance.cmd import manage

    _tool(manage.main, s.etc / "glance" / "glance-api.conf", ("db_sync",))


def _nova(s: Settings) -> None:
    from nova import monkey_patch

    monkey_patch.patch(backend="threading")
    from nova.cmd import manage

    _tool(
        manage.main,
        s.etc / "nova" / "nova.conf",
        ("api_db", "sync"),
        ("cell_v2", "map_cell0", "--database_connection", s.database_url("nova_cell0")),
        (
            "cell_v2",
            "create_cell",
            "--name",
            "cell1",
            "--transport-url",
            "fake://",
            "--database_connection",
            s.database_url("nova_cell1"),
        ),
        ("db", "sync"),
    )


def _cinder(s: Settings) -> None:
    from cinder.cmd import manage

    _tool(manage.main, s.etc / "cinder" / "cinder.conf", ("db", "sync"))


def _designate(s: Settings) -> None:
    from designate.cmd import manage

    _tool(manage.main, s.etc / "designate" / "designate.conf", ("database", "sync"))


def _neutron(s: Settings) -> None:
    import sqlalchemy as sa
    from neutron.db.migration.models import head

    engine = sa.create_engine(s.database_url("neutron"))
    head.get_metadata().create_all(engine)
    versions = Path(head.__file__).parent.parent / "alembic_migrations" / "versions"
    with engine.begin() as c:
        c.exec_driver_sql("create table alembic_version (version_num varchar(32) primary key)")
        for name in ("EXPAND_HEAD", "CONTRACT_HEAD"):
            c.exec_driver_sql("insert into alembic_version values (?)", ((versions / name).read_text().strip(),))


def _barbican(s: Settings) -> None:
    import sqlalchemy as sa
    from barbican.model import models

    models.BASE.metadata.create_all(sa.create_engine(s.database_url("barbican")))


def _octavia(s: Settings) -> None:
    import sqlalchemy as sa
    from octavia.common import constants as c
    from octavia.db import base_models
    from octavia.db import models as m

    engine = sa.create_engine(s.database_url("octavia"))
    base_models.BASE.metadata.create_all(engine)
    lookups = (
        (m.ProvisioningStatus, c.SUPPORTED_PROVISIONING_STATUSES),
        (m.OperatingStatus, c.SUPPORTED_OPERATING_STATUSES),
        (m.HealthMonitorType, c.SUPPORTED_HEALTH_MONITOR_TYPES),
        (m.Algorithm, c.SUPPORTED_LB_ALGORITHMS),
        (m.Protocol, c.SUPPORTED_PROTOCOLS),
        (m.SessionPersistenceType, c.SUPPORTED_SP_TYPES),
        (m.AmphoraRoles, c.SUPPORTED_AMPHORA_ROLES),
        (m.LBTopology, c.SUPPORTED_LB_TOPOLOGIES),
        (m.VRRPAuthMethod, c.SUPPORTED_VRRP_AUTH),
        (m.L7RuleType, c.SUPPORTED_L7RULE_TYPES),
        (m.L7RuleCompareType, c.SUPPORTED_L7RULE_COMPARE_TYPES),
        (m.L7PolicyAction, c.SUPPORTED_L7POLICY_ACTIONS),
        (m.ClientAuthenticationMode, c.SUPPORTED_CLIENT_AUTH_MODES),
    )
    nil = c.NIL_UUID
    with sa.orm.Session(engine) as session, session.begin():
        for model, names in lookups:
            session.add_all(model(name=n) for n in names)
        session.flush()
        session.add(m.FlavorProfile(id=nil, name="DELETED-PLACEHOLDER", provider_name=c.DELETED, flavor_data="{}"))
        session.add(
            m.AvailabilityZoneProfile(
                id=nil, name="DELETED-PLACEHOLDER", provider_name=c.DELETED, availability_zone_data="{}"
            )
        )
        session.flush()
        session.add(m.Flavor(id=nil, flavor_profile_id=nil, name="DELETED-PLACEHOLDER", enabled=False))
        session.add(m.AvailabilityZone(availability_zone_profile_id=nil, name=nil, enabled=False))
