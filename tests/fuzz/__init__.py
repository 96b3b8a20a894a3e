"""Hostile servers for the real engine: responses, handshakes and DNS answers made from a seed.

Case `number` of a kind is a function of the seed and of the number alone, because a server reads
the number from the request (path, server name or question): the order of connections, and so the
load of the machine, changes nothing. Only the keys and dates of certificates are new each time.
"""
