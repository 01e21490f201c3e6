"""`hatang serve`: the registry over the network, for persons whom the site's Keystone knows."""
