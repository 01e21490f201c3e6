"""What people ask of the registry, as plain data: over the counter here, or at a server over the network."""
