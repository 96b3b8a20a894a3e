"""The status page: what is down, since when, and how it was over time, as one HTML document."""
