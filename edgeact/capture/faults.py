"""Why a live source gives no frames: one kind of fault for each thing that somebody has to do about it."""

import errno
from enum import Enum
from types import MappingProxyType

import av

from edgeact.errors import SourceConnectionError


class FaultKind(Enum):
    """What is wrong, by who can help."""

    AUTH = "auth"
    TLS = "tls"
    TIMEOUT = "timeout"
    NOT_FOUND = "not found"
    CODEC = "codec"
    CONNECTION = "connection"


REMEDIES = MappingProxyType(
    {
        FaultKind.AUTH: "check user name and password, and that the account may see this stream",
        FaultKind.TLS: "check the server's certificate; --tls-ca names the certificate of an authority of your own",
        FaultKind.TIMEOUT: "check the cable, the network and whether the device is switched on",
        FaultKind.NOT_FOUND: "check host and path, or the number of the camera",
        FaultKind.CODEC: "set the device to H.264 or MJPEG",
        FaultKind.CONNECTION: "check host, port and whether the device runs",
    }
)
# Faults that waiting does not mend: before the first frame they mean that the source was named or set up wrongly.
LASTING_KINDS = frozenset({FaultKind.AUTH, FaultKind.TLS, FaultKind.NOT_FOUND, FaultKind.CODEC})


class SourceFaultError(SourceConnectionError):
    """A camera or stream gives no frames; the message names the source, the cause and the remedy, and no secrets.

    Attributes:
        kind: What is wrong, by who can help.
        reason: The cause alone, in a few words.
    """

    def __init__(self, name: str, kind: FaultKind, reason: str, *, remedy: str | None = None) -> None:
        """Args: name: The source, without secrets. kind, reason: See the attributes. remedy: Other than the kind's."""
        super().__init__(f"{name}: {reason}; {remedy or REMEDIES[kind]}")
        self.kind = kind
        self.reason = reason


# By number, because PyAV gives the same number for errors of the system and of FFmpeg in classes of its own.
_SYSTEM_ERRORS: dict[int, tuple[FaultKind, str]] = {
    errno.EACCES: (FaultKind.AUTH, "there is no permission to open it"),
    errno.EPERM: (FaultKind.AUTH, "there is no permission to open it"),
    errno.ENOENT: (FaultKind.NOT_FOUND, "there is no such device"),
    errno.ENODEV: (FaultKind.CONNECTION, "the device is gone"),
    errno.ENXIO: (FaultKind.NOT_FOUND, "there is no such device"),
    errno.ENOTTY: (FaultKind.CODEC, "it is no camera"),
    errno.EBUSY: (FaultKind.CONNECTION, "another program uses it"),
    errno.ENOSPC: (FaultKind.CONNECTION, "the USB bus has no room for another camera at this mode"),
    errno.ETIMEDOUT: (FaultKind.TIMEOUT, "it does not answer"),
    errno.ECONNREFUSED: (FaultKind.CONNECTION, "the connection is refused"),
    errno.ECONNRESET: (FaultKind.CONNECTION, "the connection was cut"),
    errno.EPIPE: (FaultKind.CONNECTION, "the connection was cut"),
    errno.ENETUNREACH: (FaultKind.CONNECTION, "there is no way to this network"),
    errno.EHOSTUNREACH: (FaultKind.CONNECTION, "there is no way to this host"),
}


def fault_of(error: BaseException, *, name: str, waited: float, timeout: float, encrypted: bool) -> SourceFaultError:
    """What an error of PyAV means.

    Args:
        error: As PyAV or the system raised it. Its own text may hold secrets and is not used.
        name: The source, without secrets.
        waited: Seconds after which the error came.
        timeout: Seconds that were allowed: RTSP reports an answer that did not come as faulty data.
        encrypted: The connection is one of TLS, whose errors FFmpeg reports as errors of input.

    Returns:
        The fault; chain it with ``from None``, or the traceback shows the address.
    """
    kind, reason = _judge(error, late=waited >= 0.9 * timeout, encrypted=encrypted)
    return SourceFaultError(name, kind, reason)


def _judge(error: BaseException, *, late: bool, encrypted: bool) -> tuple[FaultKind, str]:
    if isinstance(error, (av.error.HTTPUnauthorizedError, av.error.HTTPForbiddenError)):
        return FaultKind.AUTH, "the server refuses user name or password"
    if isinstance(error, av.error.HTTPNotFoundError):
        return FaultKind.NOT_FOUND, "the server has no such stream"
    if isinstance(error, (av.error.HTTPServerError, av.error.HTTPBadRequestError, av.error.HTTPOtherClientError)):
        return FaultKind.CONNECTION, "the server answers with an error"
    if isinstance(
        error, (av.error.ProtocolNotFoundError, av.error.DecoderNotFoundError, av.error.DemuxerNotFoundError)
    ):
        return FaultKind.CODEC, "this build of FFmpeg does not know its protocol or codec"
    if late or isinstance(error, (av.error.ExitError, TimeoutError)):
        return FaultKind.TIMEOUT, "it does not answer"
    number = error.errno if isinstance(error, OSError) else None
    if number in _SYSTEM_ERRORS:
        return _SYSTEM_ERRORS[number]
    if encrypted and isinstance(error, (OSError, av.error.InvalidDataError)):
        return FaultKind.TLS, "no encrypted connection can be made"
    if isinstance(error, av.error.InvalidDataError):
        return FaultKind.CODEC, "what it sends is no video that can be read"
    if isinstance(error, EOFError):
        return FaultKind.CONNECTION, "the stream ended"
    return FaultKind.CONNECTION, "reading from it failed"
