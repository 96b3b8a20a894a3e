"""The outage of 22 December 2025 as data, and loopback services that play it for real."""
