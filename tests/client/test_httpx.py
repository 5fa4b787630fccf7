"""What users of httpx expect keeps working: proxies, certificates, HTTP/2, their own transports."""

from __future__ import annotations

import contextlib
import itertools
import os
import socket
import socketserver
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import h2.config
import h2.connection
import h2.events
import httpx
import pytest
import trustme
from fault_server import JOB
from narrative_jobs import APIConnectionError, AsyncClient, Client, job_from_dict
from stand_in import TOKEN, Answer, Request, Server
from support import JOB_ID, Flavour, payload

EXPECTED = job_from_dict(payload("page-sample"))
Serve = Callable[..., Server]


def get_job(client: Any) -> Any:
    return client.get_job(JOB_ID)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def https(authority: trustme.CA) -> Iterator[str]:
    """Serve the job over HTTPS on loopback, with a certificate of a CA that nobody knows."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    with Server(lambda _: Answer(200, payload("page-sample"))) as server:
        server.wrap(context)
        yield server.url.replace("http://", "https://")


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """Have clients trust that CA."""
    pem = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(pem))
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    return authority


@pytest.mark.usefixtures("trusted")
def test_ssl_cert_file_is_honoured(https: str, flavour: Flavour) -> None:
    assert flavour.run(get_job, base_url=https) == EXPECTED


def test_a_certificate_that_nobody_trusts_is_said_at_once(https: str, flavour: Flavour) -> None:
    """Neither a retry nor a wait helps, unless the job was seen before."""

    def wait(client: Any) -> Any:
        return client.wait_for_job(JOB_ID, max_wait=3)

    for action in get_job, wait:
        with pytest.raises(
            APIConnectionError, match=r"CERTIFICATE_VERIFY_FAILED.*SSL_CERT_FILE may name"
        ) as caught:
            flavour.run(action, base_url=https)
        assert (caught.value.is_transient, caught.value.retries_taken) == (False, 0)


def test_once_the_job_was_seen_such_a_certificate_may_pass(
    flavour: Flavour, trusted: trustme.CA
) -> None:
    shown = itertools.count()
    good, bad = (ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) for _ in range(2))
    trusted.issue_cert("localhost").configure_cert(good)
    trustme.CA().issue_cert("localhost").configure_cert(bad)

    def choose(tls: ssl.SSLSocket | ssl.SSLObject, _: object, __: object) -> None:
        tls.context = bad if next(shown) in {1, 2} else good

    good.set_servername_callback(choose)
    jobs = iter(["materialize-view-running", "page-sample"])
    headers = {"Connection": "close", "Retry-After": "0.05"}
    with Server(lambda _: Answer(200, payload(next(jobs)), headers)) as server:
        server.wrap(good)
        url = server.url.replace("http://127.0.0.1", "https://localhost")

        def wait(client: Any) -> Any:
            return client.wait_for_job(JOB_ID, poll_interval=0.05, max_wait=10)

        assert flavour.run(wait, base_url=url) == EXPECTED
    assert next(shown) == 4


@pytest.mark.parametrize("folders", ["{folder}:/nowhere", "/nowhere:{folder}", "{folder}"])
def test_ssl_cert_dir_may_list_folders_some_of_which_are_not_there(
    https: str,
    flavour: Flavour,
    authority: trustme.CA,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    folders: str,
) -> None:
    named = ["openssl", "x509", "-hash", "-noout"]
    pem = authority.cert_pem.bytes()
    name = subprocess.run(named, input=pem, capture_output=True, check=True).stdout.decode().strip()
    authority.cert_pem.write_to_path(str(tmp_path / f"{name}.0"))
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.setenv("SSL_CERT_DIR", folders.format(folder=tmp_path))
    assert flavour.run(get_job, base_url=https, max_retries=0) == EXPECTED


def test_what_breaks_tls_after_the_handshake_is_a_connection_error(
    flavour: Flavour, trusted: trustme.CA
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trusted.issue_cert("127.0.0.1").configure_cert(context)

    def serve(listener: socket.socket) -> None:
        wire, _ = listener.accept()
        with context.wrap_socket(wire, server_side=True) as encrypted:
            encrypted.recv(65536)
            os.write(encrypted.fileno(), b"\x17\x03\x03\x00\x20" + b"G" * 32)
            with contextlib.suppress(OSError):
                encrypted.recv(1)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        url = f"https://127.0.0.1:{listener.getsockname()[1]}"
        with pytest.raises(APIConnectionError, match="BAD_RECORD_MAC"):
            flavour.run(get_job, base_url=url, max_retries=0)
        thread.join(5)


class Tunnel(socketserver.BaseRequestHandler):
    """A proxy that connects through, as one asks it by `CONNECT`."""

    def handle(self) -> None:
        asked = b""
        while not asked.endswith(b"\r\n\r\n"):
            asked += self.request.recv(1)
        host, _, port = asked.split()[1].decode().partition(":")
        with socket.create_connection((host, int(port))) as server:
            self.request.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=self.pipe, args=(server, self.request), daemon=True)
            back.start()
            self.pipe(self.request, server)

    @staticmethod
    def pipe(one: socket.socket, other: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := one.recv(65536):
                other.sendall(data)
            other.shutdown(socket.SHUT_WR)


@pytest.mark.usefixtures("trusted")
def test_https_goes_through_the_tunnel_of_a_proxy(
    https: str, flavour: Flavour, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Tunnel) as proxy:
        proxy.daemon_threads = True
        threading.Thread(target=proxy.serve_forever, args=(0.01,), daemon=True).start()
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.server_address[1]}")

        def twice(client: Any) -> Any:
            if flavour.name == "sync":
                return [get_job(client), get_job(client)]

            async def main() -> list[Any]:
                return [await get_job(client), await get_job(client)]

            return main()

        assert flavour.run(twice, base_url=https, total_timeout=5) == [EXPECTED] * 2
        proxy.shutdown()


def test_a_custom_ca_is_honoured(https: str, authority: trustme.CA) -> None:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    with (
        httpx.Client(verify=context) as mine,
        Client(TOKEN, base_url=https, http_client=mine, total_timeout=5) as client,
    ):
        assert client.get_job(JOB_ID) == EXPECTED


def test_a_client_certificate_is_sent(authority: trustme.CA) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.verify_mode = ssl.CERT_REQUIRED
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.configure_trust(context)
    mine = ssl.create_default_context()
    authority.configure_trust(mine)
    with Server(lambda _: Answer(200, payload("page-sample"))) as server:
        server.wrap(context)
        url = server.url.replace("http://", "https://")
        for has_certificate in (False, True):
            if has_certificate:
                authority.issue_cert("me@example.org").configure_cert(mine)
            with (
                httpx.Client(verify=mine) as http_client,
                Client(TOKEN, base_url=url, http_client=http_client, max_retries=0) as client,
            ):
                if has_certificate:
                    assert client.get_job(JOB_ID) == EXPECTED
                else:
                    with pytest.raises(APIConnectionError):
                        client.get_job(JOB_ID)


@pytest.mark.parametrize(("no_proxy", "path"), [("", "http://"), ("127.0.0.1", "/jobs/")])
def test_the_proxy_of_the_environment_is_used(
    flavour: Flavour, monkeypatch: pytest.MonkeyPatch, no_proxy: str, path: str
) -> None:
    with Server(lambda _: Answer(200, payload("page-sample"))) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("NO_PROXY", no_proxy)
        monkeypatch.setenv("no_proxy", no_proxy)
        url = proxy.url if no_proxy else "http://api.localhost"
        assert flavour.run(get_job, base_url=url, total_timeout=5) == EXPECTED
    assert proxy.requests[0].path.startswith(path)


def test_https_goes_through_a_tunnel_that_does_not_see_the_token(
    flavour: Flavour, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Server(lambda _: Answer(403)) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        with pytest.raises(APIConnectionError, match="ProxyError"):
            flavour.run(get_job, base_url="https://api.narrative.io", max_retries=0)
    (request,) = proxy.requests
    assert (request.method, request.path) == ("CONNECT", "api.narrative.io:443")
    assert "Authorization" not in request.headers


def serve_http2(listener: socket.socket) -> None:
    """Answer one connection with the job, in HTTP/2 as it is spoken without TLS."""
    wire, _ = listener.accept()
    state = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
    state.initiate_connection()
    wire.sendall(state.data_to_send())
    while data := wire.recv(65536):
        for event in state.receive_data(data):
            if isinstance(event, h2.events.StreamEnded):
                head = [(":status", "200"), ("content-type", "application/json")]
                state.send_headers(event.stream_id, head)
                state.send_data(event.stream_id, JOB, end_stream=True)
        wire.sendall(state.data_to_send())
    wire.close()


def test_http_2_is_spoken_where_the_http_client_does(flavour: Flavour) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve_http2, args=(listener,), daemon=True).start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"

        async def asynchronous() -> Any:
            async with (
                httpx.AsyncClient(http1=False, http2=True) as mine,
                AsyncClient(TOKEN, base_url=url, http_client=mine) as client,
            ):
                return await client.get_job(JOB_ID)

        if flavour.name == "sync":
            with (
                httpx.Client(http1=False, http2=True) as mine,
                Client(TOKEN, base_url=url, http_client=mine, total_timeout=5) as client,
            ):
                assert client.get_job(JOB_ID) == EXPECTED
        else:
            assert anyio.run(asynchronous, backend=flavour.backend) == EXPECTED


def test_a_mock_transport_is_enough_for_a_users_tests(flavour: Flavour) -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json=payload("page-sample"))

    kind = httpx.Client if flavour.name == "sync" else httpx.AsyncClient
    mine = kind(transport=httpx.MockTransport(answer))
    assert flavour.run(get_job, http_client=mine) == EXPECTED
    assert seen[0].url == f"https://api.narrative.io/jobs/{JOB_ID}"
    assert seen[0].headers["Authorization"] == f"Bearer {TOKEN}"


def test_what_an_http_client_adds_is_sent_but_for_its_auth(serve: Serve) -> None:
    server = serve(payload("page-sample"))
    with (
        httpx.Client(
            auth=("me", "password"),
            headers={"X-Mine": "1"},
            params={"trace": "on"},
            cookies={"c": "1"},
        ) as mine,
        Client(TOKEN, base_url=server.url, http_client=mine) as client,
    ):
        client.get_job(JOB_ID)
    (request,) = server.requests
    assert request.headers["Authorization"] == f"Bearer {TOKEN}"
    assert request.path == f"/jobs/{JOB_ID}?trace=on"
    assert (request.headers["X-Mine"], request.headers["Cookie"]) == ("1", "c=1")


def test_a_closed_client_is_of_no_use_and_its_http_client_still_is(serve: Serve) -> None:
    server = serve(payload("page-sample"))
    with httpx.Client() as mine:
        with Client(TOKEN, base_url=server.url, http_client=mine) as client:
            client.with_options(timeout=1).close()
            assert client.get_job(JOB_ID) == EXPECTED
        with pytest.raises(RuntimeError, match="The client has been closed"):
            client.get_job(JOB_ID)
        assert mine.get(server.url).is_success


def test_a_header_is_sent_once_however_it_is_written(serve: Serve) -> None:
    server = serve(payload("page-sample"))
    with Client(
        TOKEN, base_url=server.url, headers={"user-agent": "me/1", "ACCEPT": "x/y"}
    ) as client:
        client.get_job(JOB_ID)
    sent: list[Request] = server.requests
    assert sent[0].headers.get_list("user-agent") == ["me/1"]
    assert sent[0].headers.get_list("accept") == ["x/y"]


@pytest.mark.parametrize(
    ("make", "wrong"), [(Client, httpx.AsyncClient), (AsyncClient, httpx.Client)]
)
def test_an_http_client_of_the_other_kind_is_refused(make: Any, wrong: Any) -> None:
    with pytest.raises(ValueError, match=r"http_client must be an httpx\.\w*Client, not of type"):
        make(TOKEN, http_client=wrong())
