"""`make bundle`: one file from which hatang is installed on a machine without any network (ADR 0025)."""
