"""Every error that is the user's to mend: what was wrong, the value, and what to do next."""


class WinnowError(Exception):
    """Base of all errors that Winnow raises on purpose; its text is shown to the user as it is."""

    code = "winnow_error"


class SettingsError(WinnowError):
    code = "bad_settings"


class RefsError(WinnowError):
    """The refs file is missing, empty or has bad lines."""

    code = "bad_refs"


class UnknownItem(WinnowError):
    """An item id that the pool does not hold."""

    code = "unknown_item"


class UnreadableImage(WinnowError):
    """An image file that is missing, damaged, too large or no image at all."""

    code = "unreadable_image"


class FeaturesError(WinnowError):
    """The feature matrix is missing or does not belong to the refs."""

    code = "bad_features"


class EncoderError(WinnowError):
    """The encoder's weights cannot be had, or its settings make no sense."""

    code = "bad_encoder"


class DatabaseError(WinnowError):
    """The verdict log cannot be opened, locked or written."""

    code = "bad_database"


class NothingToUndo(WinnowError):
    code = "nothing_to_undo"


class KeyTaken(WinnowError):
    """A client's key that stands for another press already."""

    code = "key_taken"


class UnknownStrategy(WinnowError):
    code = "unknown_strategy"


class NotReady(WinnowError):
    """The pool is still loading, or something it needs is missing."""

    code = "not_ready"
