"""Two kinds of error: trying again cannot help, or it may."""

from __future__ import annotations


class AttuneError(Exception):
    """Anything attune raises on purpose. Its text names the object, what is wrong and what to do; never its content."""


class FinalError(AttuneError):
    """Trying again cannot help: it is recorded with its reason, and the event is acknowledged."""


class PassingError(AttuneError):
    """Trying again may help: it is raised out of the function, so that the event comes again."""


class ConflictError(PassingError):
    """A compare-and-set lost: somebody wrote the document since it was read, or created it first."""


class UnavailableError(PassingError):
    """A service did not answer, or asked us to slow down."""


class BusyError(PassingError):
    """Somebody else holds what this needs, and will let go of it."""


class UnansweredError(PassingError):
    """A call that must not be repeated blindly got no answer: it may have happened or not."""


class QuotaError(PassingError):
    """The service takes no more tuning jobs for now."""


class GoneError(FinalError):
    """The generation asked for is no longer in the bucket."""


class VanishedError(FinalError):
    """An endpoint or a model that was asked is not there."""


class RefusedError(FinalError):
    """The service will not do this, however often it is asked."""


class DamagedError(FinalError):
    """A stored object is not what its manifest says it is."""


class NotAnEventError(FinalError):
    """What arrived is no event of the kind this function takes."""
