"""What is wrong with a file that somebody gave."""


class MediaError(ValueError):
    """The value is no file that can be used; the sentence says what to do."""
