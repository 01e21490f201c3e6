"""The API side of isolation: what one agency's people try on another agency and on the platform, and what they get."""
