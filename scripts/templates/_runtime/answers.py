"""From an answer, or from what came in its place, to the result of a call or its error."""

from __future__ import annotations

import json
import re
import ssl
import sys
import traceback
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, NoReturn, TypeVar

import httpx

from .calls import Call, Response
from .codec import as_bytes, as_nothing, as_text, to_json
from .connections import Answer
from .errors import APIError, ErrorClasses, MismatchError, excerpt, shortened
from .oddities import strictly
from .retries import MAX_RETRY_AFTER, retry_after
from .waiting import within

T = TypeVar("T")

TO_TRUST = "SSL_CERT_FILE may name a file with the certificates to trust"


class Reader(NamedTuple):
    """Reads answers, and keeps the token out of what it says of them."""

    redact: Callable[[Any], Any]
    errors: ErrorClasses
    base_url: httpx.URL
    is_strict: bool

    def read(self, call: Call[T], answer: Answer) -> Response[T] | APIError:
        """Decode an answer, or return the error that it amounts to."""
        code, is_success = answer.status_code, 200 <= answer.status_code < 300
        names = [str(code), f"{code // 100}XX", "default"] if is_success else []
        decode = next((call.decoders[name] for name in names if name in call.decoders), None)
        if decode is None:
            return self._status_error(call, self._redacted(answer))
        if not answer.problem:
            try:
                return Response(
                    parsed=self._decoded(call, decode, _payload(decode, answer)),
                    status_code=code,
                    headers=answer.headers,
                    content=answer.content,
                    request_id=self.redact(answer.headers.get("X-Request-Id")),
                )
            except (MismatchError, RecursionError):
                pass  # What led here knows the answer as it was, with the token in it.
        return self._decode_error(call, self._redacted(answer), decode)

    def _decoded(self, call: Call[T], decode: Callable[[Any], T], payload: Any) -> T:
        """Decode a body, unless it is the answer to somebody else's question."""
        parsed = strictly(decode, payload) if self.is_strict else decode(payload)
        path, asked = call.item_id or ("", None)
        given, text = to_json(within(parsed, path)), str(to_json(asked))
        if given is not None and str(given).lower() != text.lower():
            expected = f"{excerpt(text)}, which was asked for"
            raise MismatchError.unexpected(given, expected).within(path)
        return parsed

    def _redacted(self, answer: Answer) -> Answer:
        """Return an answer without the token.

        So nothing is cut for a message before the token is out: half of it is a secret, too.
        """
        redact = self.redact
        headers = httpx.Headers([(redact(k), redact(v)) for k, v in answer.headers.raw])
        content, problem = redact(answer.content), shortened(redact(answer.problem))
        return Answer(answer.status_code, redact(answer.reason), headers, content, problem)

    def _decode_error(
        self, call: Call[Any], answer: Answer, decode: Callable[[Any], Any]
    ) -> APIError:
        payload, text = None, self.redact(_text(answer))
        problem = MismatchError(answer.problem or "expected an answer without the token in it")
        try:
            if not answer.problem:
                given = _payload(decode, answer)
                payload = self.redact(given)
                if payload != given:  # The token was hidden in escapes.
                    text = json.dumps(payload)
                self._decoded(call, decode, payload)
        except MismatchError as mismatch:
            problem = mismatch
        except RecursionError:
            problem = MismatchError("expected JSON that is less deeply nested")
        error = self.errors.decode.of(problem, payload)
        error.__context__ = None
        error.args = (f"{call} answered {answer.status_code}: {problem}",)
        error.status_code, error.headers, error.body = answer.status_code, answer.headers, text
        error.request_id = answer.headers.get("X-Request-Id")
        return error

    def connection_error(self, call: Call[Any], cause: Exception) -> APIError:
        """Return the error of a call that got no answer."""
        is_timeout = isinstance(cause, (httpx.TimeoutException, TimeoutError))
        error_class = self.errors.timeout if is_timeout else self.errors.connection
        said = [type(cause).__name__, *filter(None, map(str, _all(cause)))]
        reason = self.redact(": ".join(said[:2]))
        distrusted = [one for one in _all(cause) if isinstance(one, ssl.SSLCertVerificationError)]
        reason += f"; {TO_TRUST}" if distrusted else ""
        error = error_class(f"{call} got no answer from {self.base_url.host}: {reason}")
        refused = (httpx.LocalProtocolError, httpx.UnsupportedProtocol)
        # What httpx refuses, it would refuse again, and a certificate stays as it is.
        error.is_transient = not (distrusted or isinstance(cause, refused))
        shown = "".join(traceback.format_exception(cause))
        if self.redact(shown) == shown:  # It may quote a server that quotes the token.
            error.__cause__ = cause
        return error

    def _status_error(self, call: Call[Any], answer: Answer) -> APIError:
        message = f"{call} answered {answer.status_code} {answer.reason}".rstrip()
        if 300 <= answer.status_code < 400 and "Location" in answer.headers:
            message += f" and points to {self._host(answer)}, where the client does not follow"
        wait = retry_after(answer.headers)
        if wait is not None and wait > MAX_RETRY_AFTER:
            message += f", and asks to come back in {wait:.0f} seconds"
        try:
            body = self.redact(json.loads(answer.content))
        except (ValueError, RecursionError):
            body = self.redact(_text(answer))
        return self.errors.of_status(answer.status_code)(
            message,
            status_code=answer.status_code,
            headers=answer.headers,
            body=body,
            request_id=answer.headers.get("X-Request-Id"),
        )

    def _host(self, answer: Answer) -> str:
        """Return where an answer points to; the rest of that URL may be a secret by itself."""
        try:
            return self.base_url.join(answer.headers["Location"]).host or "no host"
        except (httpx.InvalidURL, UnicodeError):
            return "no URL"


def _payload(decode: Callable[[Any], Any], answer: Answer) -> Any:
    """Return what a decoder takes: JSON, or a text, or what came."""
    if decode in {as_bytes, as_nothing}:
        return answer.content
    if decode is as_text:
        return _text(answer)
    return _json(answer.content) if answer.content else None


def _all(cause: BaseException | None) -> Iterator[Exception]:
    """Yield an exception and those behind it.

    What cancels a task is no Exception, and says no more than the address of a scope.
    """
    while isinstance(cause, Exception):
        yield cause
        cause = cause.__cause__ or cause.__context__


def _text(answer: Answer) -> str:
    """Return a body as text, in the charset that it names, or else in UTF-8."""
    named = httpx.Response(200, headers={"Content-Type": answer.headers.get("Content-Type", "")})
    try:
        return answer.content.decode(named.charset_encoding or "utf-8", errors="replace")
    except (LookupError, UnicodeError):  # Python knows none of that name, or not for texts.
        return answer.content.decode(errors="replace")


def _json(content: bytes) -> Any:
    """Return the JSON value that a body is; raise `MismatchError` that says where it is none."""
    try:
        return json.loads(content, parse_constant=_refused)
    except UnicodeDecodeError as error:
        why = f"byte {error.start} is not {error.encoding.upper()}"
    except RecursionError:
        why = "it is too deeply nested"
    except ValueError as error:
        place = error if isinstance(error, json.JSONDecodeError) else _strange_number(content)
        why = f"{place.msg} at line {place.lineno}, column {place.colno}"
    text = content.decode(errors="replace")
    raise MismatchError(f"expected JSON, got {excerpt(text)}: {why}", "JSON", "another text")


def _refused(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _strange_number(content: bytes) -> json.JSONDecodeError:
    """Say where the number is that Python reads or that JSON has, but not both."""
    text = content.decode(json.detect_encoding(content), "surrogatepass")
    digits = (sys.get_int_max_str_digits() or 10**9) + 1
    strange = rf'"(?:[^"\\]++|\\.)*+"|(NaN|-?Infinity|-?\d{{{digits},}})'
    found = next(one for one in re.finditer(strange, text, re.DOTALL) if one[1])
    why = f"{found[1]} is not JSON"
    if found[1][-1].isdigit():
        count = len(found[1].lstrip("-"))
        why = f"an integer of {count} digits is more than Python reads"
    return json.JSONDecodeError(why, text, found.start(1))
