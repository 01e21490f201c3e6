"""All steps of set-up, in the order in which they depend on each other."""

from __future__ import annotations

from . import packages, product, sandbox, toolchain
from .runner import Step


def all_steps() -> list[Step]:
    """The steps of a whole set-up. Where releases can be fetched, the toolchain waits for the installer in `.venv`."""
    fetching = not toolchain.is_done() and toolchain.can_fetch()
    return [
        Step("debian-packages", "programs of the system", lambda: not packages.missing(), packages.install),
        Step("uv", "installs Python environments from locks", lambda: product.uv() is not None, product.install_uv,
             ("debian-packages",)),
        Step("product", "Python environment of the command, .venv", product.is_done, product.build, ("uv",)),
        Step("texts", "Vietnamese texts", product.texts_are_compiled, product.compile_texts, ("product",)),
        Step("openstack", "Python environment of the sandbox's OpenStack", sandbox.openstack_is_done,
             sandbox.build_openstack, ("product",)),
        Step("toolchain", "Pulumi engine and OpenStack provider", toolchain.is_done, toolchain.obtain,
             ("product",) if fetching else ("debian-packages",)),
        Step("golden", "an initialised cloud, from which every sandbox starts", sandbox.golden_is_done,
             sandbox.build_golden, ("openstack",)),
        Step("image", "Debian image of the sandbox's hosts", sandbox.image_is_done, sandbox.build_image, ("product",)),
    ]  # fmt: skip
