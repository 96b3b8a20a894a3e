"""What goes wrong with a history, in words."""


class HistoryError(Exception):
    """A history that cannot be read or written; it says which, why, and how to mend it.

    Nothing of it was changed.
    """


class PlaceError(HistoryError):
    """The given place cannot be meant so."""
