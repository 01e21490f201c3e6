"""Rules of the cloud controls as pure functions, shared by the stacks, the policy pack and the live checks."""
