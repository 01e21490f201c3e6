"""What the steps of a workflow work with: settings, site, registry; made once per process, never stored.

A durable workflow stores only names and results of steps, so that it can be taken up by another process.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from hatang.errors import RegistryError
from hatang.model.site import Site
from hatang.settings import Settings

if TYPE_CHECKING:
    from hatang.catalogue import Catalogue
    from hatang.provision.provisioner import Provisioner
    from hatang.registry import Registry

Progress = Callable[[str], None]


@dataclass
class Context:
    """Everything that steps need besides their arguments."""

    settings: Settings
    site: Site
    progress: Progress = field(default=lambda text: None)

    @cached_property
    def registry(self) -> Registry:
        """The registry, migrated to the newest schema."""
        from hatang.registry import Registry

        return Registry.open(self.settings.registry)

    def write_journal(self) -> None:
        """Entries for what was done until now: runs take minutes. No step fails for want of one; the command tells."""
        from hatang.journal.journal import Journal

        with contextlib.suppress(RegistryError):
            Journal(self.settings, self.registry).catch_up()

    @cached_property
    def provisioner(self) -> Provisioner:
        """The driver of the engine."""
        from hatang.provision.provisioner import Provisioner

        return Provisioner(self.settings, self.site)

    @cached_property
    def catalogue(self) -> Catalogue:
        """The controls."""
        from hatang.catalogue import load

        return load()
