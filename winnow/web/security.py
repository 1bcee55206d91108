"""The guard at the door: which hosts and origins may write, how much they may send, what browsers may run."""

import json
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY_BYTES = 1_000_000
MAX_LARGE_BYTES = 16_000_000  # a review of 10,000 objects with masks has some of these, as have example pictures
LARGE_PATHS = ("/api/results/", "/api/masks/", "/api/start/examples")
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
DOCS_PATHS = ("/docs", "/redoc")  # Swagger's own page brings inline script and a script from elsewhere
SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' blob: data:; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class Guard:
    """ASGI middleware: refuses unknown hosts, writes from foreign origins and large bodies; adds security headers.

    Args:
        allowed_hosts: host names without port; "*" allows all.
    """

    def __init__(self, app: ASGIApp, *, allowed_hosts: list[str]) -> None:
        self.app, self.allowed_hosts = app, {host.lower() for host in allowed_hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        if refusal is not None:
            await _refuse(send, *refusal)
            return
        body = _BoundedBody(receive, _limit(scope["path"]))
        await self.app(scope, body.receive, _guarded(send, body, scope["path"]))

    def _refusal(self, scope: Scope) -> tuple[int, str, str] | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if not self._is_allowed(host):
            return 400, "unknown_host", f"Host {host!r} is not allowed; add it to WINNOW_ALLOWED_HOSTS."
        if scope["method"] in SAFE_METHODS:
            return None
        origin = headers.get("origin")
        if origin is not None and _host_of(origin) != host.lower():
            return 403, "foreign_origin", f"Writes from pages of {origin!r} are refused."
        if headers.get("sec-fetch-site") in ("cross-site", "same-site"):
            return 403, "foreign_origin", "Writes from pages of other sites are refused."
        length = headers.get("content-length", "0")
        limit = _limit(scope["path"])
        if length.isdigit() and int(length) > limit:
            return 413, "body_too_large", f"A request may carry {limit:,} bytes at most; this one has {length}."
        return None

    def _is_allowed(self, host: str) -> bool:
        name = host.lower()
        if not name.endswith("]"):  # "[::1]" alone has colons but no port
            name = name.rsplit(":", 1)[0] if ":" in name else name
        return name in self.allowed_hosts or "*" in self.allowed_hosts


def _limit(path: str) -> int:
    return MAX_LARGE_BYTES if path.startswith(LARGE_PATHS) else MAX_BODY_BYTES


def _host_of(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:  # such as an unfinished IPv6 address
        return None


class _BodyTooLarge(Exception):
    """Raised into the app's own reading of the body, so that it stops there."""


class _BoundedBody:
    """Counts what arrives, for bodies that come in chunks without a length."""

    def __init__(self, receive: Receive, limit: int) -> None:
        self._receive, self._received, self.limit = receive, 0, limit

    @property
    def is_too_large(self) -> bool:
        return self._received > self.limit

    async def receive(self) -> Message:
        message = await self._receive()
        self._received += len(message.get("body", b""))
        if self.is_too_large:
            raise _BodyTooLarge
        return message


def _guarded(send: Send, body: _BoundedBody, path: str) -> Send:
    async def send_guarded(message: Message) -> None:
        if body.is_too_large:  # whatever the app made of the broken-off body
            if message["type"] == "http.response.start":
                await _refuse(send, 413, "body_too_large", f"A request may carry {body.limit:,} bytes at most.")
            return
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in SECURITY_HEADERS.items():
                if not (name == "Content-Security-Policy" and path.startswith(DOCS_PATHS)):
                    headers.setdefault(name, value)
        await send(message)

    return send_guarded


async def _refuse(send: Send, status: int, error: str, detail: str) -> None:
    body = json.dumps({"error": error, "detail": detail}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    headers += [(name.lower().encode(), value.encode()) for name, value in SECURITY_HEADERS.items()]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
