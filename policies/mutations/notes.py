"""Things written where everybody reads them. The secrets here are made up for this and open nothing."""

from __future__ import annotations

from hatang.policies.mutations.place import Place, Undo


def password_in_metadata(place: Place) -> Undo:
    """Somebody notes the database's password at the server, so that all can find it."""
    compute, server = place.cloud.compute, place.ids["servers"]["app"]
    compute.set_server_metadata(server, db_password="not-a-real-one-1945")  # noqa: S106 - made up
    return lambda: compute.delete_server_metadata(server, ["db_password"])


def key_in_a_description(place: Place) -> Undo:
    """Somebody puts a private key into the description of a security group, to fetch it from elsewhere."""
    network, group = place.cloud.network, place.ids["groups"]["management"]
    before = network.get_security_group(group).description
    network.update_security_group(group, description="-----BEGIN OPENSSH PRIVATE KEY-----b3BlbnNzaC1rZXktdjE")
    return lambda: network.update_security_group(group, description=before)
