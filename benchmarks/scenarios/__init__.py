"""What is measured: one module a question, each with `measured(setting) -> Outcome`."""
