"""What the sandbox needs once per machine: OpenStack environment, initialised cloud state, image of the hosts."""

from __future__ import annotations

import os

from . import places
from .runner import Log

# below places: that puts cli/ on the path; these modules need the standard library only
from hatang.sandbox.cloud import environment, golden  # isort: skip
from hatang.sandbox.hosts import control, image  # isort: skip


def _python(log: Log, code: str) -> None:
    """Run code in the product's environment, which has uv on PATH by `places.environment`."""
    log.run(places.PYTHON, "-c", f"import sys; from pathlib import Path; C = Path(sys.argv[1]); {code}", places.cache())


def openstack_is_done() -> bool:
    """Whether the OpenStack environment is whole."""
    return environment.is_built(environment.folder(places.cache()))


def build_openstack(log: Log) -> None:
    """Install the OpenStack services from their lock."""
    _python(log, "from hatang.sandbox.cloud import environment as e; e.create_venv(e.folder(C))")


def golden_is_done() -> bool:
    """Whether an initialised cloud state is there."""
    return golden.archive(places.cache()).is_file()


def build_golden(log: Log) -> None:
    """Initialise a cloud once and keep its state."""
    _python(log, "from hatang.sandbox.cloud import golden; golden.ensure(C)")


def image_is_done() -> bool:
    """Whether the hosts' image is there, or cannot be had here: without root there are no hosts."""
    if os.geteuid() != 0:
        return True
    images = places.cache() / "images"
    return image.find(images, image.name()) is not None and all(
        (images / f).is_file() for f in ("host-image.json", image.SOFTWARE)
    )


def build_image(log: Log) -> None:
    """Make the hosts' image with mmdebstrap."""
    if reason := control.why_not():
        log.write(f"hosts cannot run here: {reason}")
    _python(log, "from hatang.sandbox.hosts import image; image.build(C / 'images')")
