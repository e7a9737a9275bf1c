"""What can go wrong with the local stack, each error one sentence for the person at the terminal."""


class StackError(Exception):
    """The local stack cannot do what it was asked."""


class EmulatorsMissing(StackError):  # noqa: N818 - the name says what is the matter
    """Java or one of the emulators is not installed; the message says what to install."""


class StorageServerMissing(StackError):  # noqa: N818 - the name says what is the matter
    """There is no object storage server for this platform; the message says what to install."""


class DiedStarting(StackError):  # noqa: N818 - the name says what is the matter
    """A process of the stack ended or stayed silent while starting; the message carries the end of its log."""


class TooLate(StackError):  # noqa: N818 - the name says what is the matter
    """A condition did not come true within its limit."""
