"""Who is probed when: limits, retries, deadlines and controls around the probes."""
