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


class NoMap(WinnowError):
    """The pool has no map yet, or none is made."""

    code = "no_map"


class UnknownGoal(WinnowError):
    """No goal has this name."""

    code = "unknown_goal"


class NotReady(WinnowError):
    """The pool is still loading, or something it needs is missing."""

    code = "not_ready"


class BadBox(WinnowError):
    """A box without area, or one that leaves its image."""

    code = "bad_box"


class UnknownGroup(WinnowError):
    """A triage group that does not exist."""

    code = "unknown_group"


class JobError(WinnowError):
    """A job that does not exist, cannot be stopped, or whose folder cannot be written."""

    code = "bad_job"


class TrainingError(WinnowError):
    """A training that cannot begin or broke off; the text names the cause."""

    code = "cannot_train"


class ModelError(WinnowError):
    """Weights that are none, of another task, or that do not fit the data set."""

    code = "bad_model"


class UnknownVersion(WinnowError):
    """A number of a data set or model version that is not there."""

    code = "unknown_version"


class ProposalError(WinnowError):
    """Proposals that cannot be made, read or written: bad options, images, masks or another detector's file."""

    code = "bad_proposals"


class DetectorError(WinnowError):
    """Weights that are missing, damaged, of another task or not to be had."""

    code = "bad_detector"


class DatasetError(WinnowError):
    """A data set version that cannot be built, found, rebuilt or exported."""

    code = "bad_dataset"


class LabelledSetError(WinnowError):
    """A labelled YOLO or COCO set that cannot be imported; nothing of it was."""

    code = "bad_labels"


class UnknownPool(WinnowError):
    """A refs file that is not among the project's."""

    code = "unknown_pool"


class UnknownSession(WinnowError):
    """A number of a training session that is not there."""

    code = "unknown_session"


class SessionError(WinnowError):
    """A training session's file that is damaged, or settings that make no sense."""

    code = "bad_session"


class UnknownReport(WinnowError):
    """A number of a round that has no report."""

    code = "unknown_report"


class SegmenterError(WinnowError):
    """A promptable segmenter whose weights are missing, damaged or of another model, or a prompt it cannot take."""

    code = "bad_segmenter"


class ImageChanged(WinnowError):
    """Somebody else said something of an image since it was looked at; nothing was written."""

    code = "image_changed"
