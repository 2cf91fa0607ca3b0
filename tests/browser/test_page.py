"""The page in Chromium, with a camera that shows no person."""

from __future__ import annotations

from songreel_identity.liveness.thresholds import Thresholds

from .conftest import FAKE_CAMERA, approve_weaker, chromium


async def test_the_page_goes_from_consent_to_a_refusal_and_erases(site, tmp_path):
    async with site(liveness=Thresholds(min_fps=1)) as url, chromium(*FAKE_CAMERA) as browser:
        page = await browser.new_page(viewport={"width": 360, "height": 740})
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda told: told.type == "error" and problems.append(told.text))

        await page.goto(url)
        await page.fill("#name-field", "Not a name")
        await page.keyboard.press("Enter")
        assert await page.is_visible("#name")
        await page.fill("#name-field", "ann")
        await page.keyboard.press("Enter")

        # Keyboard only from here on.
        await page.wait_for_selector("#consent:not([hidden])")
        assert "Your face in your videos" in await page.inner_text("#consent")
        assert await page.is_disabled("#consent-go")
        await reach(page, "consent-box")
        await page.keyboard.press("Space")
        await reach(page, "consent-go")
        await page.keyboard.press("Enter")

        await page.wait_for_selector("#check-go:enabled")
        approve_weaker(tmp_path)
        assert await page.inner_text('[data-check="size"] b') == "640 \u00d7 480"
        await narrow_enough(page)
        for way in ("no-light", "seated", "skip-two", "keyboard"):
            await reach(page, f"way-{way}")
            await page.keyboard.press("Space")
        assert "keys" in await page.get_attribute("body", "class")  # the stop button shows its own
        await reach(page, "check-go")
        await page.keyboard.press("Enter")
        await page.get_by_text("Look straight").wait_for()
        # look straight, three actions, dot, hand, lean: the ways went with the start
        assert await page.get_attribute("#steps", "aria-label") == "Step 1 of 7"
        await narrow_enough(page)

        await page.wait_for_selector("#result:not([hidden])", timeout=30_000)
        assert await page.get_attribute("#result", "data-reason") == "no-face"
        told = await page.inner_text("#result")
        assert "We could not tell" in told
        assert "stay in front of the camera" in told
        assert "Nothing of this try was kept" in told
        await narrow_enough(page)

        await page.click("#result-known")
        await page.wait_for_selector("#known:not([hidden])")
        await page.click("#known-erase")
        await page.keyboard.press("Enter")  # the safe answer has the focus
        assert await page.is_hidden("#erased")
        await page.click("#known-erase")
        await page.click("#erase-yes")
        await page.wait_for_selector("#erased:not([hidden])")
        await page.reload()
        await page.wait_for_selector("#name:not([hidden])")
        assert await page.is_hidden("#people")
        assert [each for each in problems if "404" not in each] == []


async def reach(page, identifier: str) -> None:
    """Presses Tab until the focus is there."""
    for _ in range(20):
        if await page.evaluate("document.activeElement.id") == identifier:
            return
        await page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not reach #{identifier}")


async def narrow_enough(page) -> None:
    """Nothing is wider than a phone."""
    assert await page.evaluate("document.documentElement.scrollWidth") <= 360
