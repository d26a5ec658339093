"""Reading request bodies: small, one meaning only, or refused."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import parse_qsl

from werkzeug.http import parse_options_header
from werkzeug.sansio.utils import get_content_length
from werkzeug.wsgi import get_input_stream

from consent_server.errors import BodyInvalid, BodyMalformed, BodyTooLarge, MediaTypeUnsupported

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

BODY_LIMIT = 16 * 1024
"""The largest body that is read, in bytes."""

_JSON_TYPES = {"application/json", "text/plain"}
_FORM_TYPE = "application/x-www-form-urlencoded"
_MOST_FIELDS = 10


def read_json(environ: WSGIEnvironment) -> tuple[dict[str, Any], bytes]:
    """Return a request's JSON object and its exact bytes.

    `text/plain` is taken too: a page can send it without a preflight, even while it unloads.
    Raises MediaTypeUnsupported, BodyTooLarge, BodyMalformed or BodyInvalid.
    """
    _check_type(environ, _JSON_TYPES, "Send JSON as “text/plain” or “application/json”.")
    data = _read(environ)
    try:
        value = _decode(data.decode("utf-8"))
    except UnicodeDecodeError:
        raise BodyMalformed("The body is not UTF-8.") from None
    except RecursionError:
        raise BodyMalformed("The body is nested too deep.") from None
    except ValueError as error:
        raise BodyMalformed(f"The body is not JSON: {error}.") from None
    if not isinstance(value, dict):
        raise BodyInvalid("The body must be a JSON object.")
    return value, data


def read_form(environ: WSGIEnvironment) -> dict[str, str]:
    """Return a small HTML form's fields. Raises as `read_json` does."""
    _check_type(environ, {_FORM_TYPE}, f"Send the form as “{_FORM_TYPE}”.")
    try:
        pairs = parse_qsl(_read(environ).decode("ascii"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise BodyMalformed("The body is no small form.") from None
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise BodyMalformed("The form has the same field twice.")
    return fields


def _check_type(environ: WSGIEnvironment, accepted: set[str], advice: str) -> None:
    media_type, charset = _parse_type(environ.get("CONTENT_TYPE", ""))
    if media_type not in accepted:
        raise MediaTypeUnsupported(advice)
    if charset not in {"utf-8", "utf8"}:
        raise MediaTypeUnsupported("Only UTF-8 is read here.")
    if environ.get("HTTP_CONTENT_ENCODING", "identity").lower() != "identity":
        raise MediaTypeUnsupported("Send the body without a content encoding.")


@lru_cache(maxsize=64)
def _parse_type(header: str) -> tuple[str, str]:
    """Return the media type and the charset that a Content-Type header names; browsers send very few."""
    media_type, options = parse_options_header(header)
    return media_type.lower(), options.get("charset", "utf-8").lower()


def _read(environ: WSGIEnvironment) -> bytes:
    length = get_content_length(environ.get("CONTENT_LENGTH"), environ.get("HTTP_TRANSFER_ENCODING"))
    if (length or 0) > BODY_LIMIT:
        raise BodyTooLarge(f"The body is over {BODY_LIMIT} bytes.")
    if length is None:
        data = get_input_stream(environ).read(BODY_LIMIT + 1)
    else:  # werkzeug's guard around the stream costs more than all that is left to guard
        data = environ["wsgi.input"].read(length)
    if len(data) > BODY_LIMIT:
        raise BodyTooLarge(f"The body is over {BODY_LIMIT} bytes.")
    return data


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise BodyMalformed("The body names the same member twice.")
    return value


def _constant(name: str) -> NoReturn:
    raise BodyMalformed(f"{name} is not JSON.")


_decode = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant).decode
