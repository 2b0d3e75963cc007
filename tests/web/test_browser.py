"""A real browser: uploads to every page and looks at what is drawn; keyboard, phone and no JavaScript as well."""

import dataclasses
import io
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Response, expect, sync_playwright
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from apps.core import registry
from apps.core.engine import get_engine
from apps.core.registry import TaskPage
from apps.versions.serving import Follower
from tests.web.candidates import OWN, content, described
from tests.web.photographs import GOOD, PHOTOS

# Chromium without a screen stops drawing now and then; a click then waits for its next frame in vain.
STALLS = pytest.mark.flaky(reruns=1, only_rerun="TimeoutError")
pytestmark = [pytest.mark.browser, pytest.mark.slow, STALLS]

TASKS = registry.tasks()
AGE = next(task for task in TASKS if task.slug == "age")
PHOTO_TASKS = [task for task in TASKS if task.images]
CANDIDATES = [Path("/usr/bin") / name for name in ("chromium", "chromium-browser", "google-chrome")]
CHROMIUM = next((path for path in CANDIDATES if path.exists()), None)
photo_task = pytest.mark.parametrize("task", PHOTO_TASKS, ids=lambda task: task.slug)
WAIT = 20_000


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    assert CHROMIUM, "chromium is not installed: apt install chromium"
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # playwright's loop runs in this thread
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def page(browser: Browser, live_server: LiveServer) -> Iterator[Page]:
    context = browser.new_context(base_url=live_server.url, viewport={"width": 1280, "height": 900})
    yield from watched(context)


@pytest.fixture
def plain_page(browser: Browser, live_server: LiveServer) -> Iterator[Page]:
    """Without JavaScript."""
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False)
    yield from watched(context)


@pytest.fixture
def phone(browser: Browser, live_server: LiveServer) -> Iterator[Page]:
    context = browser.new_context(
        base_url=live_server.url, viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True
    )
    yield from watched(context)


def watched(context: BrowserContext) -> Iterator[Page]:
    """A page of a context; errors in scripts, blocked content and missing files fail the test."""
    page, problems = context.new_page(), []

    def read(message: ConsoleMessage) -> None:
        if "Security Policy" in message.text:
            problems.append(message.text)

    def check(answer: Response) -> None:
        if "/static/" in answer.url and not answer.ok:
            problems.append(f"{answer.status} {answer.url}")

    page.on("pageerror", lambda error: problems.append(f"script: {error}"))
    page.on("console", read)
    page.on("response", check)
    yield page
    context.close()
    assert problems == []


def upload(page: Page, task: TaskPage, data: bytes) -> None:
    page.goto(f"/{task.slug}/")
    photograph: Any = {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": data}
    for name in task.images:
        page.locator(f'#task-form input[type=file][name="{name}"]').set_input_files(photograph)
    page.get_by_test_id("submit").click()


@photo_task
def test_upload_and_answer(page: Page, task: TaskPage) -> None:
    upload(page, task, GOOD["jpeg"])
    result = page.get_by_test_id("result")
    expect(result).to_be_visible(timeout=WAIT)
    expect(page.get_by_test_id("overlay").first).to_be_visible()
    assert page.get_by_test_id("overlay").count() >= len(task.images)
    drawn = page.get_by_test_id("overlay").first.bounding_box()
    assert drawn
    assert min(drawn["width"], drawn["height"]) > 100
    assert f'"task": "{task.slug}"' in (page.get_by_test_id("json").text_content() or "")
    assert page.url.endswith(f"/{task.slug}/"), "no reload"


def test_synthesis_draws_faces(page: Page) -> None:
    page.goto("/synthesis/")
    page.locator('[name="count"]').fill("3")
    page.locator('[name="seed"]').fill("7")
    page.get_by_test_id("submit").click()
    expect(page.get_by_test_id("result")).to_be_visible(timeout=WAIT)
    faces = page.get_by_test_id("result").locator('img[src^="data:image/png"]')
    assert faces.count() == 3
    assert faces.first.evaluate("image => image.naturalWidth") >= 64


def test_sample(page: Page) -> None:
    page.goto("/emotion/")
    page.locator("label.sample:has(img)").first.click()
    page.get_by_test_id("submit").click()
    expect(page.get_by_test_id("result")).to_be_visible(timeout=WAIT)


def test_error_is_explained(page: Page) -> None:
    upload(page, PHOTO_TASKS[2], PHOTOS.blank())
    expect(page.get_by_test_id("error")).to_be_visible(timeout=WAIT)
    expect(page.get_by_test_id("error")).to_have_attribute("data-code", "no_face")
    upload(page, PHOTO_TASKS[2], b"not a photograph")
    expect(page.get_by_test_id("error")).to_have_attribute("data-code", "unsupported_media", timeout=WAIT)


@pytest.mark.parametrize("task", [TASKS[0], TASKS[1], TASKS[-1]], ids=lambda task: task.slug)
def test_without_javascript(plain_page: Page, task: TaskPage) -> None:
    upload(plain_page, task, GOOD["jpeg"])
    expect(plain_page.get_by_test_id("result")).to_be_visible(timeout=WAIT)
    expect(plain_page.get_by_test_id("overlay").first).to_be_visible()


def test_the_page_of_a_crowd_ends_with_its_foot(page: Page) -> None:
    with Image.open(io.BytesIO(GOOD["jpeg"])) as one:
        row = Image.new("RGB", (4 * one.width, 3 * one.height))
        for place in range(12):
            row.paste(one, (place % 4 * one.width, place // 4 * one.height))
    crowd = io.BytesIO()
    row.save(crowd, "JPEG")
    upload(page, AGE, crowd.getvalue())
    expect(page.get_by_test_id("result")).to_be_visible(timeout=WAIT)
    expect(page.locator(".answer.crowd .face-card")).to_have_count(12)
    heights = "[document.documentElement.scrollHeight, document.body.offsetHeight]"
    whole, body = page.evaluate(heights)
    assert whole <= max(body, 900) + 1


def test_phone_has_no_sideways_scrolling(phone: Page) -> None:
    for path in ("/", "/models/"):
        phone.goto(path)
        assert phone.evaluate("document.documentElement.scrollWidth") <= 360
    for task in (TASKS[0], TASKS[1], TASKS[-1]):
        upload(phone, task, GOOD["jpeg"])
        expect(phone.get_by_test_id("result")).to_be_visible(timeout=WAIT)
        assert phone.evaluate("document.documentElement.scrollWidth") <= 360


def test_keyboard(page: Page) -> None:
    page.goto("/detect/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.locator("#task-form input[type=file]").set_input_files(
        {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": GOOD["jpeg"]}
    )
    page.get_by_test_id("submit").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("result")).to_be_visible(timeout=WAIT)


def test_large_photograph(page: Page) -> None:
    stream = io.BytesIO()
    PHOTOS.face.resize((3000, 3000), Image.Resampling.BILINEAR).save(stream, "JPEG", quality=90)
    upload(page, TASKS[0], stream.getvalue())
    expect(page.get_by_test_id("overlay").first).to_be_visible(timeout=WAIT)


def test_api_docs(page: Page) -> None:
    page.goto("/api/docs")
    expect(page.locator(".opblock")).to_have_count(len(TASKS) + 1, timeout=WAIT)
    for scheme, light_text in (("light", False), ("dark", True)):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.reload()
        expect(page.locator(".opblock").first).to_be_visible(timeout=WAIT)
        colour = page.evaluate("getComputedStyle(document.querySelector('.opblock-summary-path')).color")
        assert (min(map(int, re.findall(r"\d+", colour)[:3])) > 128) is light_text


@pytest.mark.parametrize("task", ["age", "landmarks", "analyze", "emotion"])
def test_the_api_can_be_tried_as_it_comes(page: Page, task: str) -> None:
    page.goto(f"/api/docs#/tasks/{task}")
    block = page.locator(f"#operations-tasks-{task}")
    block.get_by_role("button", name="Try it out").click(timeout=WAIT)
    block.locator("input[type=file]").set_input_files(
        {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": GOOD["jpeg"]}
    )
    with page.expect_response(f"**/api/v1/{task}", timeout=WAIT) as answer:
        block.get_by_role("button", name="Execute").click()
    assert answer.value.status == 200, answer.value.text()


def sign_in(page: Page) -> None:
    page.goto("/admin/")
    page.fill("#id_username", "admin")
    page.fill("#id_password", "password")
    page.keyboard.press("Enter")
    expect(page.locator("#user-tools")).to_be_visible()


def test_admin_keeps_to_the_policy(page: Page, admin_user: Any) -> None:
    call_command("sync_models", verbosity=0)
    sign_in(page)
    page.goto("/admin/versions/modelversion/")
    expect(page.locator("#result_list tbody tr").first).to_be_visible()
    page.locator("#result_list tbody tr a").first.click()
    expect(page.get_by_text("SHA-256").first).to_be_visible()


def test_upload_activate_and_roll_back(page: Page, admin_user: Any, settings: Settings, tmp_path: Path) -> None:
    """What an administrator does with a new version, from the file to the answer and back."""
    settings.HEXAFACE = dataclasses.replace(settings.HEXAFACE, home=tmp_path)
    call_command("sync_models", verbosity=0)
    sign_in(page)
    page.goto("/admin/versions/modelversion/")
    page.get_by_role("link", name="Add model version").click()
    network: Any = {
        "name": "n.tflite",
        "mimeType": "application/octet-stream",
        "buffer": content("tiny-xception 1.0.0"),
    }
    description = json.dumps(described("tiny-xception 1.0.0")).encode()
    page.locator("#id_upload").set_input_files(network)
    page.locator("#id_description").set_input_files(
        {"name": "d.json", "mimeType": "application/json", "buffer": description}
    )
    page.locator("[name=_save]").click()
    expect(page.locator(".messagelist")).to_contain_text("can be activated", timeout=4 * WAIT)

    page.get_by_role("link", name="Activate for age").click()
    page.locator("#id_reason").fill("Closer on our photographs.")
    page.get_by_role("button", name="Activate for age").click()
    expect(page.locator(".messagelist")).to_contain_text("answered by tiny-xception 9.0.0")
    Follower(get_engine()).step()
    try:
        upload(page, AGE, GOOD["jpeg"])
        expect(page.get_by_test_id("result")).to_contain_text("tiny-xception 9.0.0", timeout=WAIT)
        page.goto("/models/tiny-xception/9.0.0/")
        expect(page.locator("main")).to_contain_text(f"answers age, after {OWN}")

        page.goto("/admin/versions/activation/")
        page.get_by_role("link", name="Roll back").click()
        page.locator("#id_reason").fill("Back.")
        page.get_by_role("button", name="Roll back age").click()
        expect(page.locator(".messagelist")).to_contain_text(f"answered by {OWN}")
        Follower(get_engine()).step()
    finally:
        get_engine().activate("age", OWN)  # the engine is everybody's
    upload(page, AGE, GOOD["jpeg"])
    expect(page.get_by_test_id("result")).to_contain_text(OWN, timeout=WAIT)
