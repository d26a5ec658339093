"""Time stamps (RFC 3161) on checkpoints: a third party signs that a checkpoint existed at a moment.

    token = stamp(checkpoint, post)              # post sends bytes to the authority and returns its answer
    moment = verify(token, checkpoint, roots)    # offline, years later, with the authority's root certificate

`openssl ts -verify -data checkpoint.txt -in checkpoint.tsr -CAfile root.pem` checks the same.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, TypeAlias

from cryptography import x509
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)
from rfc3161_client.verify import SHA256_OID

from consent_server.errors import EvidenceInvalid, SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from rfc3161_client import TimeStampRequest, TimeStampResponse

Roots: TypeAlias = "Sequence[x509.Certificate]"
"""The certificates of authorities that somebody trusts."""
_GRANTED = 0


def request(checkpoint: str) -> TimeStampRequest:
    """Make a request for a checkpoint's SHA-256, with a nonce, that asks for the authority's certificate."""
    builder = TimestampRequestBuilder().data(checkpoint.encode()).hash_algorithm(HashAlgorithm.SHA256)
    return builder.cert_request(cert_request=True).nonce(nonce=True).build()


def stamp(checkpoint: str, post: Callable[[bytes], bytes]) -> bytes:
    """Have a checkpoint stamped; return the authority's response, DER, to be kept as it is.

    `post` sends a DER request (`application/timestamp-query`) and returns the body of the answer. Raises
    EvidenceInvalid for an answer that is no stamp of this checkpoint, and whatever `post` raises.
    """
    asked = request(checkpoint)
    answer = post(asked.as_bytes())
    read(answer, checkpoint)
    if decode_timestamp_response(answer).tst_info.nonce != asked.nonce:
        raise EvidenceInvalid("The time stamp answers another request: its nonce is not the one sent.")
    return answer


def read(response: bytes, checkpoint: str) -> datetime:
    """Return the time that a response states for a checkpoint, which proves nothing: see `verify`.

    Raises EvidenceInvalid for what is no granted stamp of this very checkpoint.
    """
    info = _decode(response).tst_info
    imprint = info.message_imprint
    if (
        imprint.hash_algorithm.dotted_string != SHA256_OID
        or imprint.message != sha256(checkpoint.encode()).digest()
    ):
        raise EvidenceInvalid("The time stamp is of something else, not of this checkpoint.")
    return info.gen_time


def verify(response: bytes, checkpoint: str, roots: Roots) -> datetime:
    """Return the time at which a checkpoint existed, by an authority that one of `roots` vouches for.

    Certificates must have been valid at that time, not now. Raises EvidenceInvalid.
    """
    moment = read(response, checkpoint)
    try:
        VerifierBuilder(roots=list(roots)).build().verify_message(_decode(response), checkpoint.encode())
    except (VerificationError, ValueError) as error:
        raise EvidenceInvalid(f"The time stamp does not hold: {error}.") from None
    return moment


def load_roots(pem: bytes) -> Roots:
    """Parse the certificates of authorities to trust. Raises SettingsError where there are none."""
    try:
        return x509.load_pem_x509_certificates(pem)
    except ValueError as error:
        raise SettingsError(f"The file of the time stamp authority holds no certificate: {error}") from None


def _decode(response: bytes) -> TimeStampResponse:
    try:
        decoded = decode_timestamp_response(response)
        if decoded.status == _GRANTED:
            decoded.tst_info.gen_time  # noqa: B018 - parses what may be damaged
            return decoded
    except ValueError as error:
        raise EvidenceInvalid(f"This is no response of a time stamp authority (RFC 3161): {error}") from None
    raise EvidenceInvalid(f"The authority refused to stamp: {' '.join(decoded.status_string) or 'no reason'}")
