"""How one target is measured: a probe measures and never judges."""
