"""The catalogue: controls and zone matrix, with the value in force for a level.

What needs the models is loaded when it is first asked for: `catalogue.quick` does without them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hatang.catalogue.loader import Catalogue, load, show_control

__all__ = ["Catalogue", "load", "show_control"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__} has no attribute {name}")
    from hatang.catalogue import loader

    return getattr(loader, name)
