"""The fault range seen by curl and blackbox_exporter, and the pages made from it.

`python -m peers.measure` (from the folder `tests`, on Linux, as root, with both installed) measures
again and writes `seen.json`; `python -m peers.page` writes the pages from that, offline.
"""
