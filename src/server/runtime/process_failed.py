"""The one way in which a process can't start, or can't go on."""


class ProcessFailed(Exception):
    """The process can't start, or can't go on; the text is one line for its operator and holds no secret."""
