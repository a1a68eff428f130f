"""Links that need no token: what opens one, for how long, and how often."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from server.support import BASE, Place, picture, place

from connector.server.signed_urls import SignedUrls
from connector.storage.database.protocols import Conflict


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Place]:
    with place(tmp_path / "home") as opened:
        yield opened


@pytest.fixture
def stored(host: Place) -> str:
    headers = {"content-type": "image/png", "x-file-name": "photo.png"}
    return str(host.post("/api/files", content=picture(), headers=headers).json()["id"])


def test_a_file_is_read_without_a_token(host: Place, stored: str) -> None:
    """Whole, in part, or its headers alone; by the origin that the caller knows the host by."""
    link = host.host.links.download(stored, f"{BASE}/")
    assert link.startswith(f"{BASE}/signed/{stored}?expires=")
    assert host.get(link, bearer=None).content == picture()
    assert host.get(link, bearer=None, headers={"range": "bytes=0-3"}).content == picture()[:4]
    assert host("HEAD", link, bearer=None).headers["content-type"] == "image/png"


def test_a_link_ends(host: Place, stored: str) -> None:
    link = host.host.links.download(stored, BASE)
    host.clock.sleep(3599)
    assert host.get(link, bearer=None).status_code == 200
    host.clock.sleep(2)
    assert host.get(link, bearer=None).status_code == 401


def test_a_link_opens_nothing_else(host: Place, stored: str) -> None:
    """No other file, for no longer, for no other act, and with no other signature."""
    other = str(host.post("/api/files", content=picture()).json()["id"])
    link = host.host.links.download(stored, BASE)
    expires = link.partition("expires=")[2].partition("&")[0]
    wrong = [
        link.replace(stored, other),
        link.replace(expires, str(int(expires) + 1)),
        link[:-1] + ("0" if link[-1] != "0" else "1"),
    ]
    for each in wrong:
        assert host.get(each, bearer=None).status_code == 401
    assert host("PUT", link, bearer=None, content=picture()).status_code == 401
    assert host.get(f"/signed/{stored}", bearer=None).status_code == 401
    assert host.get(f"/api/files/{stored}?{link.partition('?')[2]}", bearer=None).status_code == 401


def test_a_link_to_upload_takes_one_file(host: Place) -> None:
    """Which has the id that was promised, and is kept as any upload is."""
    link, file_id = host.host.links.upload(BASE)
    sent = host("PUT", link, bearer=None, content=picture())
    assert sent.status_code == 201, sent.text
    assert (sent.json()["file"], sent.json()["unused"]) == (f"file:{file_id}", True)
    again = host("PUT", link, bearer=None, content=picture() + b"other")
    assert (again.status_code, again.json()["code"]) == (409, "conflict")
    assert host.get(f"/api/files/{file_id}/content").content == picture()
    assert host.get(link, bearer=None).status_code == 401
    assert host.invoke("remove-background", {"image": f"file:{file_id}"}).status_code == 200


def test_an_upload_that_fails_leaves_the_link_good(host: Place) -> None:
    """An empty file and one that is too large are refused, and the right one is taken."""
    link, file_id = host.host.links.upload(BASE)
    assert host("PUT", link, bearer=None, content=b"").status_code == 422
    assert host("PUT", link, bearer=None, content=picture()).json()["id"] == file_id


def test_of_many_uploads_at_once_one_is_taken(host: Place) -> None:
    """And its content is the one that is kept."""
    files = host.host.files
    contents = [picture() + bytes([n]) * 70_000 for n in range(8)]

    def put(content: bytes) -> bytes | None:
        try:
            files.put_stream([content], file_id="ab" * 16)
        except Conflict:
            return None
        return content

    with ThreadPoolExecutor(8) as threads:
        taken = [one for one in threads.map(put, contents) if one]
    assert len(taken) == 1
    assert files.open("ab" * 16).bytes == taken[0]


def test_a_link_is_good_at_every_host_of_a_database(host: Place, stored: str) -> None:
    """Its secret is kept there, sealed, and is made once."""
    signing = host.host.served(None).connector.workspace.signing_secrets
    link = SignedUrls(signing, host.clock).download(stored, BASE)
    assert host.get(link, bearer=None).status_code == 200
    assert host.get(host.host.links.download(stored, BASE), bearer=None).status_code == 200


def test_a_stranger_makes_no_secret(host: Place) -> None:
    """Where no link was made yet, whatever is asked for is refused, and nothing is written down."""
    forged = f"/signed/{'0' * 32}?expires=99999999999&signature={'0' * 64}"
    assert host.get(forged, bearer=None).status_code == 401
    assert host.host.served(None).connector.workspace.signing_secrets.get("links") is None


def test_no_link_is_in_the_log(host: Place, stored: str) -> None:
    """Whoever reads the log opens nothing with it."""
    link = host.host.links.download(stored, BASE)
    host.get(link, bearer=None)
    assert f"/signed/{stored}" in host.log.getvalue()
    assert link.partition("signature=")[2] not in host.log.getvalue()
