"""The fault range: loopback servers that produce every fault exactly, and what each is called.

`table.FAULTS` is the one table; tests run it through the real engine and a page of the
documentation is made from it. Nothing here imports the probe or the engine.
"""
