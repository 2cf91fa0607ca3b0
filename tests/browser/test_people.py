"""Whole sessions in Chromium: the willing person, and a recording of somebody else."""

from __future__ import annotations

from pathlib import Path
from random import Random

import cv2
import pytest
from songreel_identity.liveness.thresholds import Thresholds
from songreel_testing.puppet.browser_puppet import SLOWDOWN, BrowserPuppet, slow_down
from songreel_testing.puppet.puppet import portrait
from songreel_testing.puppet.subjects import WillingPerson

from .conftest import FAKE_CAMERA, approve_weaker, chromium

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300 + 240 * SLOWDOWN)]

# Browser, renderer, tracker and server share the machine: a slow one is not the person's fault.
PATIENT = Thresholds(min_fps=3.0)


async def consented(browser_context, url):
    page = await browser_context.new_page()
    await page.goto(f"{url}?identity=ann")
    await page.check("#consent-box")
    await page.click("#consent-go")
    await page.wait_for_selector("#check-go:enabled")
    return page


@pytest.mark.parametrize("ways", [(), ("no-light", "seated", "skip-two")], ids=["usual", "other"])
async def test_a_willing_person_is_enrolled_by_what_the_page_shows(site, faces, ways, tmp_path):
    # The browser's own share of the reaction time is real here.
    slow_down()
    person = WillingPerson(
        portrait(faces / "d18.mp4", 5), Random(5), dot_delay=0.05, light_delay=0.02
    )
    camera = BrowserPuppet(person)
    async with site(draw=3, liveness=PATIENT) as url, chromium() as browser:
        context = await browser.new_context(viewport={"width": 360, "height": 640})
        await camera.sit(context)
        page = await consented(context, url)
        if ways:
            approve_weaker(tmp_path)
        for way in ways:
            await page.check(f"#way-{way}")
        await page.click("#check-go")
        await page.wait_for_selector("#result:not([hidden])", timeout=170_000 * SLOWDOWN)
        assert await page.get_attribute("#result", "data-reason") == "ok", camera.actions
        assert "You are enrolled" in await page.inner_text("#result")
        assert ("light" in camera.actions) == ("no-light" not in ways)
        assert camera.actions[-1] == ("lean-in" if "seated" in ways else "stand-up")
        await page.click("#result-known")
        await page.get_by_text("7, encrypted").wait_for()
        await page.click("#known-erase")
        await page.click("#erase-yes")
        await page.get_by_text("14 objects and their 14 keys are destroyed").wait_for()


async def test_a_recording_before_the_camera_is_not_enrolled(site, faces, tmp_path):
    async with (
        site(liveness=PATIENT) as url,
        chromium(
            *FAKE_CAMERA, f"--use-file-for-fake-video-capture={motion_jpeg(faces, tmp_path)}"
        ) as browser,
    ):
        page = await consented(await browser.new_context(), url)
        await page.click("#check-go")
        await page.wait_for_selector("#result:not([hidden])", timeout=170_000)
        assert await page.get_attribute("#result", "data-reason") not in ("ok", "no-face")
        assert "Nothing of this try was kept" in await page.inner_text("#result")
        await page.click("#result-known")
        await page.get_by_text("0, encrypted").wait_for()


def motion_jpeg(faces: Path, folder: Path) -> Path:
    """A clip of a person as the fake camera takes it, 640x480 with the face large enough."""
    clip = cv2.VideoCapture(str(faces / "d18.mp4"))
    target = folder / "clip.mjpeg"
    with target.open("wb") as file:
        while (read := clip.read())[0]:
            picture = cv2.resize(read[1], (640, 640))[80:560]
            file.write(cv2.imencode(".jpg", picture)[1].tobytes())
    return target
