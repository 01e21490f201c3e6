"""The journal: what was asked, decided, planned and done, in signed entries that follow one from another."""
