"""The rows of the table of faults, one module a subject; each has a `TITLE` and its `ROWS`."""
