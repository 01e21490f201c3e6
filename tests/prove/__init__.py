"""The proof by mutation: every automated control is broken as its mutations say, and its check must notice.

`python -m tests.prove` (`make prove`) does all of them and writes policies/proof.json; the integration tests of
tests/integration/audit do a random sample of the same on every run.
"""
