"""Files that users write: read safely, every fault with file, line, field and remedy."""

from hatang.inputs.files import load_request, load_site, request_of

__all__ = ["load_request", "load_site", "request_of"]
