"""probecli: what is down, since when, why, what else fails with it, and is it them or me?"""

__version__ = "0.1.0"
