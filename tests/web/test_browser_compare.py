"""A real browser, a real server and its worker: upload a set, compare two versions, read the result, try a candidate."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.web import archives
from tests.web.candidates import OTHER
from tests.web.portal import Portal
from tests.web.test_browser import STALLS, browser, watched  # noqa: F401 (a fixture)

pytestmark = [pytest.mark.browser, pytest.mark.slow, STALLS]
WAIT = 90_000


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[tuple[Portal, str]]:
    """A portal with its worker, and the administrator's password."""
    portal = Portal(tmp_path)
    password = re.search(r"Password:\s+(\S+)", portal.manage("prepare"))
    assert password
    with portal.serving():
        yield portal, password.group(1)


@pytest.fixture
def desk(browser: Browser, portal: tuple[Portal, str]) -> Iterator[Page]:  # noqa: F811 (that fixture)
    """The administrator's browser, at the sets."""
    server, password = portal
    context = browser.new_context(base_url=f"http://localhost:{server.port}", viewport={"width": 1280, "height": 900})
    context.set_default_timeout(WAIT)
    for page in watched(context):
        page.goto("/compare/sets/")
        page.fill("#id_username", "admin")
        page.fill("#id_password", password)
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile(r":\d+/compare/sets/$"))
        yield page


def add_set(page: Page, data: bytes, name: str) -> None:
    page.fill("#id_name", name)
    page.select_option("#id_task", "age")
    page.set_input_files("#id_archive", {"name": "set.zip", "mimeType": "application/zip", "buffer": data})
    page.get_by_role("button", name="Check and keep it").click()


def test_from_the_set_to_the_result(desk: Page) -> None:
    add_set(desk, archives.HOSTILE["not an image"][0], "Broken")
    expect(desk.get_by_test_id("problems")).to_contain_text("a.jpg: This is not a photograph", timeout=WAIT)
    add_set(desk, archives.good("age"), "Three faces")
    expect(desk.get_by_role("status")).to_contain_text("Three faces was checked and kept: 4 photographs.", timeout=WAIT)

    desk.goto("/compare/?task=age")
    desk.get_by_label("Compared with").select_option(label=OTHER)
    desk.get_by_role("button", name="Compare").click()
    desk.wait_for_url(re.compile(r"/compare/\d+/$"))
    expect(desk.get_by_test_id("report")).to_be_visible(timeout=WAIT)  # the page turned to the result by itself
    expect(desk.get_by_text("In 1 photograph no face was found")).to_be_visible()
    for picture in desk.locator(".disagreements img").all():
        picture.scroll_into_view_if_needed()
        expect(picture).to_have_js_property("complete", value=True)
        assert picture.evaluate("image => image.naturalWidth") > 50
    desk.set_viewport_size({"width": 360, "height": 740})
    assert desk.evaluate("document.documentElement.scrollWidth") <= 360
    desk.set_viewport_size({"width": 1280, "height": 900})
    desk.get_by_role("link", name="To tiny-xception 1.0.0").click()
    desk.wait_for_url("**/admin/versions/modelversion/*/change/")

    desk.goto("/compare/sets/")
    assert desk.get_by_role("button", name="Delete").count() == 0, "one click deletes nothing"
    desk.set_viewport_size({"width": 360, "height": 740})
    assert desk.evaluate("document.documentElement.scrollWidth") <= 360
    desk.get_by_text("Delete … Three faces").click()
    desk.get_by_role("button", name="Delete it and its photographs (Three faces)").click()
    expect(desk.get_by_role("status")).to_contain_text("Three faces and its photographs were deleted.", timeout=WAIT)


def test_a_candidate(desk: Page) -> None:
    desk.goto("/compare/?task=age")
    desk.get_by_label("Candidate").select_option(label=OTHER)
    desk.get_by_label("Share of photographs").fill("1")
    desk.get_by_role("button", name="Start a candidate").click()
    expect(desk.get_by_test_id("shadow")).to_contain_text("tiny-xception 1.0.0 beside", timeout=WAIT)

    def ask_and_look() -> str:
        answer = desk.request.post(
            "/api/v1/age", multipart={"image": {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": archives.FACE}}
        )
        assert answer.ok
        desk.goto("/compare/?task=age")
        return desk.get_by_test_id("shadow-compared").inner_text()

    assert any(int(ask_and_look()) > 0 for _ in range(20))
    desk.get_by_role("button", name="Stop").click()
    expect(desk.get_by_test_id("shadow")).to_contain_text("Stopped by admin.", timeout=WAIT)
