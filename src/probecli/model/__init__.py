"""Frozen data that every floor shares: targets, evidence, verdicts, results, snapshots."""
