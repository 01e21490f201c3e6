"""Taking in what stands on the cloud already: which object becomes which resource, and the engine's state of that.

Nothing here changes the cloud. docs/adr/0015-adoption-writes-the-engines-state.md says why it is done this way.
"""
