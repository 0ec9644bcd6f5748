"""Who may ask a dashboard, and what its pages may do: over HTTP, as a browser would."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from served_dashboard import Client, served, small_app

from etscope.dashboard.library.library import Library
from etscope.dashboard.server.guard import OWN_HEADER, Access, new_token
from etscope.dashboard.server.hosts import Hosts, name_in, same_origin
from etscope.dashboard.server.service import Service, Settings
from etscope.etdump.errors import UsageError

TOKEN = "0123456789abcdef-token"


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with served(Library()) as (_, made):
        yield made


@pytest.fixture(scope="module")
def guarded() -> Iterator[tuple[Service, Client]]:
    settings = Settings(Access("127.0.0.1", TOKEN), watch_seconds=None)
    with served(Library(), settings) as both:
        yield both


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1", 200),
        ("localhost", 200),
        ("LOCALHOST.", 200),
        ("[::1]", 200),
        ("127.0.0.1:1234", 200),  # the port of a tunnel
        ("evil.example", 403),
        ("127.0.0.1.evil.example", 403),
        ("192.168.1.7", 403),
        ("localhost@evil.example", 403),
        ("localhost, evil.example", 403),
        ("localhost:80:80", 403),
        ("", 403),
    ],
)
def test_only_own_names_are_answered(client: Client, host: str, status: int) -> None:
    assert client.ask("/", headers={"Host": host}).status == status


@pytest.mark.parametrize("path", ["/", "/api/v1/traces", "/_dash-layout", "/nothing"])
def test_every_address_is_guarded(client: Client, path: str) -> None:
    answer = client.ask(path, headers={"Host": "evil.example"})
    assert answer.status == 403
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 201),
        ({"Origin": "http://127.0.0.1:{port}"}, 201),
        ({"Origin": "http://127.0.0.1:1"}, 403),  # another server of this machine
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://127.0.0.1:{port}@evil.example"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 201),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}, 403),
    ],
)
def test_pages_of_others_change_nothing(
    client: Client, headers: dict[str, str], status: int
) -> None:
    sent = {name: value.format(port=client.port) for name, value in headers.items()}
    answer = client.ask("/api/v1/uploads?name=a", "POST", b"", {OWN_HEADER: "1", **sent})
    assert answer.status == status


def test_a_change_needs_a_header_that_forms_cannot_send(client: Client) -> None:
    form = {"Content-Type": "text/plain"}
    answer = client.ask("/api/v1/uploads?name=a", "POST", b"x=1", form)
    assert answer.status == 403
    assert OWN_HEADER.encode() in answer.body


def test_pages_of_others_read_nothing_but_may_link(client: Client) -> None:
    other = {"Sec-Fetch-Site": "cross-site"}
    assert (
        client.ask("/api/v1/traces", headers={**other, "Sec-Fetch-Mode": "no-cors"}).status == 403
    )
    assert client.ask("/", headers={**other, "Sec-Fetch-Mode": "navigate"}).status == 200


def test_pages_may_run_only_own_scripts(client: Client) -> None:
    page = client.ask("/")
    policy = dict(
        part.split(" ", 1) for part in page.headers["content-security-policy"].split("; ")
    )
    assert policy["default-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert "unsafe" not in policy["script-src"]
    shown = re.sub(rb"<!--.*?-->", b"", page.body, flags=re.S)
    scripts = re.findall(rb"<script>(.+?)</script>|javascript\">(.+?)</script>", shown, re.S)
    assert len(scripts) == policy["script-src"].count("sha256-") == 2
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cache-control"] == "no-store"
    assert "server" not in page.headers


def test_data_cannot_become_a_page(client: Client) -> None:
    answer = client.ask("/api/v1/traces")
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"


def test_no_script_of_dash_is_blocked_by_its_own_policy(client: Client) -> None:
    """All files that the page names come from here."""
    page = client.ask("/").body.decode()
    assert not re.findall(r"(?:src|href)=\"(?:https?:)?//[^\"]+", page)


def test_faults_tell_no_secrets(client: Client) -> None:
    headers = {"Content-Type": "application/json"}
    answer = client.ask("/_dash-update-component", "POST", b"{broken", headers)
    assert answer.status >= 400
    assert b"Traceback" not in answer.body


# ----------------------------------------------------------------- token


def test_a_stranger_is_refused(guarded: tuple[Service, Client]) -> None:
    _, client = guarded
    for path in (
        "/",
        "/api/v1/traces",
        "/_dash-layout",
        "/?token=",
        "/?token=wrong",
        "/?token=%ff",
    ):
        answer = client.ask(path)
        assert answer.status == 401
        assert "set-cookie" not in answer.headers
    headers = {"Cookie": f"etscope={TOKEN}", "Authorization": "Bearer wrong"}
    assert client.ask("/", headers=headers).status == 401


def test_the_link_lets_in_and_the_cookie_keeps_it_so(guarded: tuple[Service, Client]) -> None:
    service, client = guarded
    assert service.url.endswith(f"/?token={TOKEN}")
    welcome = client.ask(f"/runs?tab=graph&token={TOKEN}")
    assert welcome.status == 200
    cookie = welcome.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert TOKEN not in cookie
    assert TOKEN.encode() not in welcome.body
    assert b"url=/runs?tab=graph" in welcome.body
    assert client.ask("/", headers={"Cookie": cookie.split(";")[0]}).status == 200


def test_the_welcome_leads_nowhere_else(guarded: tuple[Service, Client]) -> None:
    _, client = guarded
    welcome = client.ask(f"//evil.example/%22%3E%3Cscript%3E?token={TOKEN}&a=%22%3E")
    assert welcome.status == 200
    assert b"url=//" not in welcome.body
    assert b"<script" not in welcome.body


def test_scripts_may_use_the_token(guarded: tuple[Service, Client]) -> None:
    _, client = guarded
    headers = {"Authorization": f"Bearer {TOKEN}"}
    assert client.ask("/api/v1/traces", headers=headers).status == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.7", "::", "example.org"])
def test_other_machines_need_a_token(host: str) -> None:
    with pytest.raises(UsageError, match="with a token"):
        Access(host)
    assert Access(host, new_token()).token


def test_a_short_token_is_refused() -> None:
    with pytest.raises(UsageError, match="guessed"):
        Access("0.0.0.0", "short")


def test_a_name_can_lead_to_another_machine_but_a_number_cannot() -> None:
    hosts = Hosts("0.0.0.0", ["lab.example"])
    assert hosts.owns("192.168.1.7:8050")
    assert hosts.owns("[fe80::1]:8050")
    assert hosts.owns("lab.example")
    assert not hosts.owns("evil.example:8050")
    assert not Hosts("127.0.0.1").owns("192.168.1.7")


@pytest.mark.parametrize("header", ["a b", "a/b", "[::1", "a:b", "a:999999", "é", "a\n"])
def test_what_is_no_host_has_no_name(header: str) -> None:
    assert name_in(header) is None


def test_an_origin_is_no_more_than_an_address() -> None:
    assert same_origin("http://a:1", "a:1")
    assert same_origin("https://A:1", "a:1")  # behind a proxy that speaks TLS
    for origin in ("http://a", "http://a:1/x", "file://a:1", "http://b@a:1", "a:1", "null"):
        assert not same_origin(origin, "a:1")


# ----------------------------------------------------------------- service


def test_debug_mode_is_never_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLASK_DEBUG", "1")
    app = small_app()
    assert app.server.debug
    Service(app, Library(), Settings(watch_seconds=None)).close()
    assert not app.server.debug


def test_an_app_that_loads_from_elsewhere_is_refused() -> None:
    app = small_app()
    app.config.external_scripts.append("https://cdn.example/x.js")
    with pytest.raises(UsageError, match="from elsewhere"):
        Service(app, Library())


def test_a_taken_port_is_one_sentence(client: Client) -> None:
    with pytest.raises(UsageError, match=f"{client.port} cannot be had"):
        Service(small_app(), Library(), Settings(port=client.port))
    with pytest.raises(UsageError, match="is no port"):
        Service(small_app(), Library(), Settings(port=99999))
