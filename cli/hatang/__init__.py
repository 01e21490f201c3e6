"""hatang: provision, harden and prove the shared data centre of a Vietnamese province."""

__version__ = "0.1.0"
