"""Refusals as answers: RFC 9457 problem documents, one shape everywhere, with a stable `code`."""

from __future__ import annotations

import json
import logging
from http import HTTPStatus
from itertools import islice
from typing import TYPE_CHECKING

from flask import Response
from werkzeug.exceptions import HTTPException

from consent_server import errors
from consent_server.errors import BodyInvalid, ConsentError

if TYPE_CHECKING:
    from flask import Flask

log = logging.getLogger(__name__)

RETRY_SECONDS = 5
_MOST_FIELDS = 20

STATUS: dict[type[ConsentError], HTTPStatus] = {
    errors.SiteUnknown: HTTPStatus.NOT_FOUND,
    errors.NoticeUnknown: HTTPStatus.NOT_FOUND,
    errors.NoticeOutdated: HTTPStatus.CONFLICT,
    errors.BuildUnknown: HTTPStatus.NOT_FOUND,
    errors.BodyTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    errors.BodyMalformed: HTTPStatus.BAD_REQUEST,
    errors.BodyInvalid: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.MediaTypeUnsupported: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    errors.ChoicesMismatch: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.DecisionTimeRefused: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.DecisionReused: HTTPStatus.CONFLICT,
    errors.ReceiptErased: HTTPStatus.GONE,
    errors.ReceiptUnknown: HTTPStatus.NOT_FOUND,
    errors.LegalHold: HTTPStatus.CONFLICT,
    errors.NotSealed: HTTPStatus.NOT_FOUND,
    errors.TileUnknown: HTTPStatus.NOT_FOUND,
    errors.OriginForbidden: HTTPStatus.FORBIDDEN,
    errors.TokenRefused: HTTPStatus.UNAUTHORIZED,
    errors.AuditorRefused: HTTPStatus.UNAUTHORIZED,
    errors.QueryInvalid: HTTPStatus.BAD_REQUEST,
    errors.RateLimited: HTTPStatus.TOO_MANY_REQUESTS,
    errors.StorageUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.ServerBusy: HTTPStatus.SERVICE_UNAVAILABLE,
}
"""The HTTP status of each refusal that a request can meet."""

HTTP_CODES = {
    HTTPStatus.NOT_FOUND: "not_found",
    HTTPStatus.METHOD_NOT_ALLOWED: "method_not_allowed",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: errors.BodyTooLarge.code,
    HTTPStatus.INTERNAL_SERVER_ERROR: "internal_error",
}
"""The code of what Flask itself refuses."""


def register_problems(app: Flask) -> None:
    """Answer every refusal and every error of `app` with a problem document, never with a stack trace."""
    app.register_error_handler(ConsentError, _refusal)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _fault)
    app.after_request(_come_again)


def problem(
    status: HTTPStatus, code: str, detail: str, fields: dict[str, list[str]] | None = None
) -> Response:
    """Make a problem document. Its `type` is about:blank: `code` says more than a status does."""
    body: dict[str, object] = {
        "type": "about:blank",
        "title": status.phrase,
        "status": int(status),
        "detail": detail,
        "code": code,
    }
    if fields:
        body["fields"] = dict(islice(fields.items(), _MOST_FIELDS))
    # In ASCII: a member's name may hold what no UTF-8 can.
    answer = Response(json.dumps(body), int(status), content_type="application/problem+json")
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _come_again(answer: Response) -> Response:
    """Say when to come again on every 503, the pages' too."""
    if answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE:
        answer.headers.setdefault("Retry-After", str(RETRY_SECONDS))
    return answer


def _refusal(refusal: ConsentError) -> Response:
    status = STATUS.get(type(refusal), HTTPStatus.INTERNAL_SERVER_ERROR)
    if status is HTTPStatus.INTERNAL_SERVER_ERROR:
        return _fault(refusal)
    if status is HTTPStatus.SERVICE_UNAVAILABLE:
        log.error("%s: %s", refusal.code, refusal.detail)
        return problem(status, refusal.code, "The service cannot store anything now. Try again soon.")
    fields = refusal.fields if isinstance(refusal, BodyInvalid) else None
    answer = problem(status, refusal.code, refusal.detail, fields)
    if status is HTTPStatus.UNAUTHORIZED:
        answer.headers["WWW-Authenticate"] = "Bearer"
    if isinstance(refusal, errors.NotSealed):
        answer.headers["Retry-After"] = str(RETRY_SECONDS)
    return answer


def _http_error(error: HTTPException) -> Response:
    status = HTTPStatus(error.code or 500)
    code = HTTP_CODES.get(status, status.name.lower())
    answer = problem(status, code, error.description or status.description)
    for name, value in error.get_headers():
        if name == "Allow":
            answer.headers[name] = value
    return answer


def _fault(error: Exception) -> Response:
    log.error("A request failed.", exc_info=error)
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    return problem(status, "internal_error", "Something went wrong here. It was logged.")
