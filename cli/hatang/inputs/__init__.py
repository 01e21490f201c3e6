"""Files that users write: read safely, every fault with file, line, field and remedy."""

from hatang.inputs.files import load_asked, load_request, load_site

__all__ = ["load_asked", "load_request", "load_site"]
