"""Write the configuration files of every service below <state>/etc. Cheap and idempotent: done at each init/restore."""

from __future__ import annotations

import base64
import shutil
import uuid
from collections.abc import Mapping

from .settings import SERVICES, Settings

Section = dict[str, object]
Config = dict[str, Section]

SERVICE_USER = "svc"
SERVICE_PROJECT = "service"
BACKEND = "sandbox"  # host name of nova/cinder/designate managers, and the first back end of cinder
BACKENDS = (BACKEND, "sandbox-dedicated")  # volume_backend_name of each; two, so that level 5 can have its own
ASSERTED = "OIDC_CLAIM_"  # mod_auth_openidc's own; begins the variables that stand for claims of an identity provider
PLACEHOLDER_KEK = base64.b64encode(b"0" * 32).decode()
NODE_NAMESPACE = uuid.UUID("6ba7b810-9dad-11d1-80b4-00c04fd430c8")

PASTE_FILES = {
    "nova": ["api-paste.ini"],
    "neutron": ["api-paste.ini"],
    "cinder": ["api-paste.ini", "resource_filters.json"],
    "designate": ["api-paste.ini"],
    "glance": ["glance-api-paste.ini"],
    "barbican": ["barbican-api-paste.ini"],
}


def node_uuid(host: str) -> str:
    """Stable identity of a fake compute node, so that a restart finds its own records again."""
    return str(uuid.uuid5(NODE_NAMESPACE, "hatang-node-" + host))


def write_all(s: Settings) -> None:
    """Create the directory tree and all configuration files."""
    s.state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    for d in (
        s.db,
        s.log,
        s.run,
        s.var,
        s.etc,
        s.state_dir / "images",
        s.state_dir / "images-staging",
        s.state_dir / "images-tasks",
    ):
        d.mkdir(parents=True, exist_ok=True)
    writers = {
        "keystone": _keystone,
        "placement": _placement,
        "glance": _glance,
        "nova": _nova,
        "neutron": _neutron,
        "cinder": _cinder,
        "barbican": _barbican,
        "octavia": _octavia,
        "designate": _designate,
    }
    for service in s.services:
        (s.etc / service).mkdir(exist_ok=True)
        (s.var / service).mkdir(exist_ok=True)
        for name in PASTE_FILES.get(service, []):
            shutil.copy(s.venv / "etc" / service / name, s.etc / service / name)
        config = writers[service](s)
        for section, options in s.overrides.get(service, {}).items():
            config.setdefault(section, {}).update(options)
        _write_ini(s, service, config, service + ".conf")
        if service == "glance":  # the API process looks for glance-api.conf, the tools for glance.conf
            _write_ini(s, service, config, "glance-api.conf")
    if "nova" in s.services:
        (s.var / "nova" / "compute_id").write_text(node_uuid(s.compute_hosts[0]))
    _write_clouds_yaml(s)


def _write_ini(s: Settings, service: str, config: Mapping[str, Mapping[str, object]], name: str) -> None:
    lines: list[str] = []
    for section, options in config.items():
        lines.append(f"[{section}]")
        for key, value in options.items():
            lines += [f"{key} = {v}" for v in (value if isinstance(value, list) else [value])]
        lines.append("")
    (s.etc / service / name).write_text("\n".join(lines))


def _write_clouds_yaml(s: Settings) -> None:
    user = f'auth_url: "{s.auth_url}", username: admin, password: "{s.admin_password}", user_domain_name: Default'
    clouds = s.state_dir / "clouds.yaml"
    clouds.unlink(missing_ok=True)  # a file that is there would keep its mode
    clouds.touch(mode=0o600)
    clouds.write_text(
        "clouds:\n"
        f"  hatang:\n    auth: {{{user}, project_name: admin, project_domain_name: Default}}\n"
        f"    region_name: {s.region}\n    identity_api_version: 3\n"
        f"  hatang-system:\n    auth: {{{user}, system_scope: all}}\n    region_name: {s.region}\n"
    )


# -- common parts --------------------------------------------------------------------------------------------------
def _auth(s: Settings, **extra: object) -> Section:
    """Credentials with which services call each other."""
    return dict(
        auth_type="password",
        auth_url=s.auth_url,
        username=SERVICE_USER,
        password=s.admin_password,
        project_name=SERVICE_PROJECT,
        user_domain_name="Default",
        project_domain_name="Default",
        region_name=s.region,
        **extra,
    )


def _base(
    s: Settings, service: str, database: str | None = None, *, state_path: bool = True, **default: object
) -> Config:
    var = s.var / service
    head: Section = dict(log_file=s.log / f"{service}.log", debug=s.log_level == "DEBUG", transport_url="fake://")
    if state_path:
        head["state_path"] = var
    return {
        "DEFAULT": {**head, **default},
        "database": dict(connection=s.database_url(database or service), sqlite_synchronous=False),
        "oslo_concurrency": dict(lock_path=var / "locks"),
        "oslo_messaging_notifications": dict(driver="noop"),
        "oslo_policy": dict(enforce_scope=True, enforce_new_defaults=True),
        "keystone_authtoken": _auth(
            s,
            service_type=SERVICES[service].catalog_type,
            www_authenticate_uri=s.auth_url,
            service_token_roles_required=True,
            service_token_roles="service",
            token_cache_time=s.token_cache_seconds,
            cache="hatang.token_cache",
        ),
    }


# -- one function per service --------------------------------------------------------------------------------------
def _keystone(s: Settings) -> Config:
    c = _base(s, "keystone", public_endpoint=s.auth_url.removesuffix("/v3"))
    del c["keystone_authtoken"]
    keys = s.etc / "keystone"
    c["token"] = dict(provider="fernet", expiration=86400)
    c["fernet_tokens"] = dict(key_repository=keys / "fernet")
    c["fernet_receipts"] = dict(key_repository=keys / "fernet")
    c["credential"] = dict(key_repository=keys / "credential")
    c["cache"] = dict(enabled=True, backend="dogpile.cache.memory", expiration_time=600)
    # cheap hashes, sandbox only; 72 is the true bcrypt maximum and silences a warning per login
    c["identity"] = dict(password_hash_rounds=4, password_hash_algorithm="bcrypt", max_password_length=72)
    c["auth"] = dict(methods="external,password,token,oauth1,mapped,openid,saml2,totp,application_credential")
    # mappings see what service/bearer.py verified, and nothing that a client sent: a header begins with HTTP_
    c["federation"] = dict(assertion_prefix=ASSERTED, remote_id_attribute=f"{ASSERTED}iss")
    return c


def _placement(s: Settings) -> Config:
    c = _base(s, "placement")
    c["placement_database"] = c.pop("database")
    c["api"] = dict(auth_strategy="keystone")
    return c


def _glance(s: Settings) -> Config:
    c = _base(
        s,
        "glance",
        state_path=False,
        enabled_backends="fs:file",
        worker_self_reference_url=s.url("glance"),
        image_cache_dir="",
    )
    c["glance_store"] = dict(default_backend="fs")
    c["fs"] = dict(filesystem_store_datadir=s.state_dir / "images")
    c["os_glance_staging_store"] = dict(filesystem_store_datadir=s.state_dir / "images-staging")
    c["os_glance_tasks_store"] = dict(filesystem_store_datadir=s.state_dir / "images-tasks")
    c["paste_deploy"] = dict(flavor="keystone", config_file=s.etc / "glance" / "glance-api-paste.ini")
    return c


def _nova(s: Settings) -> Config:
    c = _base(
        s,
        "nova",
        "nova_cell1",
        compute_driver="hatang_sandbox.SandboxDriver",
        my_ip="127.0.0.1",
        host=BACKEND,
        concurrency_backend="threading",
        report_interval=30,
        service_down_time=3600,
        use_cow_images=False,
        instances_path=s.var / "nova" / "instances",
    )
    c["api_database"] = dict(connection=s.database_url("nova_api"), sqlite_synchronous=False)
    c["api"] = dict(auth_strategy="keystone")
    c["keystone"] = _auth(s)
    c["placement"] = _auth(s)
    c["neutron"] = _auth(s, service_metadata_proxy=False)
    c["cinder"] = {**_auth(s), "os_region_name": s.region}
    del c["cinder"]["region_name"]
    c["service_user"] = _auth(s, send_service_user_token=True)
    c["barbican"] = dict(auth_endpoint=s.auth_url)
    c["wsgi"] = dict(api_paste_config=s.etc / "nova" / "api-paste.ini")
    c["vnc"] = dict(enabled=False)
    c["scheduler"] = dict(workers=1, discover_hosts_in_cells_interval=15)
    c["conductor"] = dict(workers=1)
    c["filter_scheduler"] = dict(track_instance_changes=False)
    c["quota"] = dict(driver="nova.quota.DbQuotaDriver")
    return c


def _neutron(s: Settings) -> Config:
    c = _base(
        s,
        "neutron",
        core_plugin="ml2",
        service_plugins="router",
        dhcp_agents_per_network=0,
        network_auto_schedule=False,
        router_auto_schedule=False,
        dhcp_agent_notification=False,
        notify_nova_on_port_status_changes="nova" in s.services,
        notify_nova_on_port_data_changes="nova" in s.services,
        rpc_workers=0,
        api_workers=1,
        api_paste_config=s.etc / "neutron" / "api-paste.ini",
        global_physnet_mtu=1500,
    )
    c["nova"] = _auth(s)
    c["placement"] = _auth(s)
    c["agent"] = dict(root_helper="")
    c["ml2"] = dict(
        type_drivers="flat,vlan,vxlan,local",
        project_network_types="vxlan",
        mechanism_drivers="sandbox",
        extension_drivers="port_security",
    )
    c["ml2_type_flat"] = dict(flat_networks="*")
    c["ml2_type_vlan"] = dict(network_vlan_ranges="physnet1:100:4000")
    c["ml2_type_vxlan"] = dict(vni_ranges="1:65000")  # small: one row per VNI is written at init
    c["securitygroup"] = dict(enable_security_group=True)
    c["quotas"] = dict(quota_driver="neutron.db.quota.driver_nolock.DbQuotaNoLockDriver")
    return c


def _cinder(s: Settings) -> Config:
    c = _base(
        s,
        "cinder",
        auth_strategy="keystone",
        enabled_backends=",".join(BACKENDS),
        host=BACKEND,
        my_ip="127.0.0.1",
        glance_api_servers=s.url("glance"),
        api_paste_config=s.etc / "cinder" / "api-paste.ini",
        resource_query_filters_file=s.etc / "cinder" / "resource_filters.json",
        report_interval=30,
        service_down_time=3600,
        scheduler_driver_init_wait_time=1,
    )  # default 60: the scheduler would refuse volumes that long
    for name in BACKENDS:
        c[name] = dict(
            volume_driver="hatang.sandbox.cloud.drivers.volume.SandboxVolumeDriver", volume_backend_name=name
        )
    c["nova"] = _auth(s)
    c["service_user"] = _auth(s, send_service_user_token=True)
    c["coordination"] = dict(backend_url=f"file://{s.var}/cinder")
    return c


def _barbican(s: Settings) -> Config:
    c = _base(s, "barbican", state_path=False, host_href=s.url("barbican"), db_auto_create=False)
    c["simple_crypto_plugin"] = dict(kek=PLACEHOLDER_KEK)
    c["secretstore"] = dict(enabled_secretstore_plugins="store_crypto")
    c["crypto"] = dict(enabled_crypto_plugins="simple_crypto")
    c["queue"] = dict(enable=False)
    return c


def _octavia(s: Settings) -> Config:
    c = _base(s, "octavia", state_path=False)
    c["api_settings"] = dict(
        bind_host=s.host,
        bind_port=s.port("octavia"),
        auth_strategy="keystone",
        enabled_provider_drivers="sandbox:sandbox driver",
        default_provider_driver="sandbox",
        allow_tls_terminated_listeners=True,
    )
    c["service_auth"] = _auth(s)
    c["neutron"] = _auth(s)
    c["controller_worker"] = dict(
        network_driver="allowed_address_pairs_driver",
        compute_driver="compute_noop_driver",
        amphora_driver="amphora_noop_driver",
    )
    return c


def _designate(s: Settings) -> Config:
    c = _base(s, "designate", host=BACKEND)
    c["storage:sqlalchemy"] = dict(connection=s.database_url("designate"))
    c["service:api"] = dict(
        auth_strategy="keystone",
        api_base_uri=s.url("designate"),
        enable_api_v2=True,
        enable_host_header=False,
        api_paste_config=s.etc / "designate" / "api-paste.ini",
    )
    c["service:central"] = dict(workers=1)
    # short times, so that zones which a crash left pending are completed within some 15 s (default: eight minutes)
    c["service:worker"] = dict(
        workers=1, notify=False, threads=20, poll_delay=0, poll_timeout=1, poll_retry_interval=1, poll_max_retries=3
    )
    c["producer_task:worker_periodic_recovery"] = dict(interval=10)
    c["service:producer"] = dict(workers=1)
    c["coordination"] = dict(backend_url=f"file://{s.var}/designate")
    return c
