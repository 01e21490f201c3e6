"""Set-up of a clone: everything that `make demo` and `make test` need, with the system's Python and nothing else."""
