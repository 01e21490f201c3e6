"""The catalogue: controls and zone matrix, with the value in force for a level."""

from hatang.catalogue.loader import Catalogue, load, show_control

__all__ = ["Catalogue", "load", "show_control"]
