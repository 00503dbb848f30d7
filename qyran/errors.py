"""The one exception tree of Qyran.

::

    QyranError
    |-- InputError             what the user gave cannot be used: exit status 2, HTTP 422
    |   |-- CameraFileError    a camera file is wrong
    |   |-- MediaError         a video, picture or stream cannot be read
    |   `-- ConfigError        a setting, a secret or a data file of the installation is wrong or missing (HTTP 503)
    |       `-- Unavailable    a part that this installation goes without, or that is away now (HTTP 409)
    |-- BrokenMedia            a file broke off or turned to noise: what was read is kept, exit status 2
    |-- StreamError            a live stream failed; the caller reconnects
    |-- InferenceError         the process that runs the networks failed or is gone; whoever looks begins anew
    |-- IntegrityError         evidence, a decision or a ledger is not what was signed
    |-- TransitionError        a case or an alert may not take this step (HTTP 409)
    |-- AccessError            the actor's role does not allow this (HTTP 403)
    `-- NotFound               no such record (HTTP 404)

Every message is one sentence that names the thing and the fix, and never holds a password or personal data.
"""

from __future__ import annotations


class QyranError(Exception):
    """Root of everything Qyran raises on purpose."""


class InputError(QyranError):
    """What the user gave cannot be used."""


class CameraFileError(InputError):
    """A camera file has an unknown key, a bad value or geometry outside the picture."""


class MediaError(InputError):
    """A video, picture or stream cannot be opened or holds nothing to see."""


class ConfigError(InputError):
    """A setting, secret or shipped data file is wrong or missing."""


class Unavailable(ConfigError):
    """What was asked needs a part that this installation goes without, or that is away now; all else works."""


class BrokenMedia(QyranError):
    """A file stopped decoding before its end.

    Attributes:
        second: second of video at which decoding broke off.
    """

    def __init__(self, message: str, *, second: float) -> None:
        super().__init__(message)
        self.second = second


class StreamError(QyranError):
    """A live stream failed or stalled; the caller reconnects."""


class InferenceError(QyranError):
    """The process that runs the networks of all cameras failed, or was gone for too long; whoever looks begins anew."""


class IntegrityError(QyranError):
    """Evidence, a decision or a ledger differs from what was signed."""


class TransitionError(QyranError):
    """A record may not take this step from its present state."""


class AccessError(QyranError):
    """The actor's role does not allow this."""


class NotFound(QyranError):
    """There is no such record."""
