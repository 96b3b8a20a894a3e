"""One target in depth: what every hop met, the certificates served, and a diagnosis in words."""
