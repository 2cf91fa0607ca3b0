"""The pictures of docs/identity: every state of the page, on a desk and on a phone.

    python -m tests.browser.pictures docs/identity [FOLDER]

The page is the real one; the server's words are scripted and the person is drawn, so
that each state can be shown at rest and nobody's face is in the documentation. With
FOLDER, each state's full picture is written there, too.
"""

from __future__ import annotations

import asyncio
import io
import json
import sys
from pathlib import Path
from typing import Any

from google.protobuf.json_format import MessageToDict
from PIL import Image
from songreel_gateway.web.site import PAGE
from songreel_identity.liveness.actions import Action
from songreel_identity.liveness.protocol import ADVICE, Prompt, Reason
from songreel_identity.messages import enrollment_message
from songreel_identity.vault.consent import current_text

from .conftest import chromium

ORIGIN = "http://localhost"
SIZES = {"desk": (1120, 700), "phone": (360, 720)}
COLUMNS = {"desk": 4, "phone": 7}
WIDTHS = {"desk": 400, "phone": 220}
STEPS = 10

DRAWN_PERSON = """
(() => {
  const canvas = document.createElement("canvas");
  canvas.width = 640; canvas.height = 480;
  const c = canvas.getContext("2d");
  const oval = (x, y, w, h, fill) => {
    c.fillStyle = fill; c.beginPath(); c.ellipse(x, y, w, h, 0, 0, 7); c.fill();
  };
  const draw = () => {
    const t = performance.now() / 1000, s = 4 * Math.sin(t), turn = window.songreelTurn ?? 0;
    const wall = c.createLinearGradient(0, 0, 640, 480);
    wall.addColorStop(0, "#cfd8d3"); wall.addColorStop(1, "#9fb0ad");
    c.fillStyle = wall; c.fillRect(0, 0, 640, 480);
    c.fillStyle = "#e9e2d0"; c.fillRect(470, 40, 120, 150);
    oval(320 + s, 500, 190, 130, "#40576b");
    oval(320 + s, 215, 128, 160, "#3a2a24");
    c.fillStyle = "#c98f6f"; c.fillRect(275 + s, 320, 90, 80);
    oval(320 + s, 240, 104, 138, "#dfa583");
    c.save(); c.beginPath(); c.ellipse(320 + s, 240, 106, 140, 0, 0, 7); c.clip();
    oval(320 + s, 95, 130, 80, "#3a2a24");
    const x = 320 + s + turn;
    for (const e of [-42, 42]) {
      oval(x + e, 225, 17, 10, "#fff"); oval(x + e, 225, 8, 9, "#3d2a1f");
      c.strokeStyle = "#3a2a24"; c.lineWidth = 6; c.beginPath();
      c.moveTo(x + e - 20, 200); c.quadraticCurveTo(x + e, 190, x + e + 20, 200); c.stroke();
    }
    c.strokeStyle = "#b97a59"; c.lineWidth = 5; c.lineCap = "round"; c.beginPath();
    c.moveTo(x, 228); c.quadraticCurveTo(x + 14 + turn / 6, 268, x - 6, 270); c.stroke();
    c.strokeStyle = "#9b4b45"; c.lineWidth = 8; c.beginPath();
    c.moveTo(x - 32, 308); c.quadraticCurveTo(x, 328, x + 32, 308); c.stroke();
    c.restore();
    requestAnimationFrame(draw);
  };
  draw();
  navigator.mediaDevices.getUserMedia = async () => canvas.captureStream(30);
})();
"""


def prompt(action: Action, step: int) -> dict[str, Any]:
    asked = enrollment_message(Prompt(action, 7, step, STEPS))
    return MessageToDict(asked, always_print_fields_with_no_presence=True)


def guidance(progress: float, reason: Reason = Reason.OK) -> dict[str, Any]:
    text = "" if reason is Reason.OK else ADVICE[reason]
    return {"guidance": {"reason": reason, "text": text, "progress": progress}}


SAID = {
    "straight": [prompt(Action.CALIBRATE, 1), guidance(0.0, Reason.FAR)],
    "turn": [prompt(Action.TURN_LEFT, 3), guidance(0.7)],
    "dot": [prompt(Action.DOT, 7), guidance(0.4), {"dot": {"x": -0.6, "y": 0.3}}],
    "light": [prompt(Action.LIGHT, 8), guidance(0.5), {"light": {"colour": "COLOUR_AMBER"}}],
    "hand": [prompt(Action.HAND_RIGHT, 9), guidance(0.85)],
}
OUTCOMES = {
    "unclear": ("VERDICT_INCONCLUSIVE", Reason.DARK),
    "passed": ("VERDICT_PASS", Reason.OK),
}


class Script:
    """What the server says."""

    def __init__(self) -> None:
        self.state: str | None = None
        self.socket: Any = None

    def answer(self, method: str, path: str) -> tuple[int, Any]:
        text = current_text()
        identity = {
            "name": "projects/local/identities/ann",
            "state": self.state,
            "consentVersion": text.version,
            "pictures": 7,
            "createTime": "2026-11-02T10:00:00Z",
            "expireTime": "2027-11-02T10:00:00Z",
        }
        if path.endswith("/consentText"):
            return 200, {"version": text.version, "text": text.text, "sha256": text.sha256}
        if method == "DELETE":
            return 200, {"objects": 15, "keysSha256": ["5d" * 32] * 15, "auditHead": "e3" * 32}
        if path.endswith("/identities"):
            named = [dict(identity, name=f"x/{each}") for each in ("ann", "ben")]
            return 200, {"identities": [dict(each, state="STATE_ENROLLED") for each in named]}
        if path.endswith(":openEnrollment"):
            return 200, {"nonce": "n"}
        if method == "GET" and self.state is None:
            return 404, {"error": {"reason": "IDENTITY_NOT_FOUND", "message": ""}}
        return 200, {"identity": identity}

    async def handle(self, route: Any) -> None:
        path = route.request.url.removeprefix(ORIGIN).partition("?")[0]
        if path.startswith("/v1/"):
            status, answer = self.answer(route.request.method, path)
            await route.fulfill(status=status, json=answer)
        elif path.startswith("/enroll"):
            name = path.removeprefix("/enroll").strip("/") or "index.html"
            await route.fulfill(path=PAGE / name)

    def connect(self, socket: Any) -> None:
        self.socket = socket
        socket.on_message(lambda _: None)

    def say(self, said: dict[str, Any]) -> None:
        self.socket.send(json.dumps(said))


async def states(page: Any, script: Script) -> Any:
    """Leads the page through its states; yields the name of each."""
    await page.goto(f"{ORIGIN}/enroll")
    await page.wait_for_selector("#name:not([hidden])")
    yield "name"
    await page.fill("#name-field", "ann")
    await page.keyboard.press("Enter")
    await page.wait_for_selector("#consent:not([hidden])")
    yield "consent"
    await page.check("#consent-box")
    await page.click("#consent-go")
    await page.wait_for_selector("#check-go:enabled")
    yield "check"
    await page.click("#check-go")
    await page.wait_for_selector("#session:not([hidden])")
    for name, messages in SAID.items():
        await page.evaluate(f"window.songreelTurn = {26 if name == 'turn' else 0}")
        for said in messages:
            while script.socket is None:
                await page.wait_for_timeout(20)
            script.say(said)
        await page.get_by_text(messages[0]["prompt"]["text"]).wait_for()
        await page.wait_for_timeout(300)
        yield name
    for name, (verdict, reason) in OUTCOMES.items():
        script.say({"outcome": {"verdict": verdict, "reason": reason, "advice": ADVICE[reason]}})
        await page.wait_for_selector("#result:not([hidden])")
        yield name
        if name == "unclear":
            script.socket = None
            await page.click("#result-again")
            await page.click("#check-go")
            while script.socket is None:
                await page.wait_for_timeout(20)
    script.state = "STATE_ENROLLED"
    await page.click("#result-known")
    await page.wait_for_selector("#known:not([hidden])")
    yield "known"
    await page.click("#known-erase")
    yield "erase"
    await page.click("#erase-yes")
    await page.wait_for_selector("#erased:not([hidden])")
    yield "erased"


async def shoot(size: str, folder: Path | None) -> list[Image.Image]:
    width, height = SIZES[size]
    pictures = []
    async with chromium() as browser:
        page = await browser.new_page(viewport={"width": width, "height": height})
        script = Script()
        await page.add_init_script(DRAWN_PERSON)
        await page.route("**/*", script.handle)
        await page.route_web_socket("**/*", script.connect)
        async for name in states(page, script):
            shot = await page.screenshot(full_page=name in ("consent", "check"), timeout=90_000)
            pictures.append(Image.open(io.BytesIO(shot)).convert("RGB"))
            if folder is not None:
                pictures[-1].save(folder / f"{size}-{name}.png")
    return pictures


def sheet(pictures: list[Image.Image], columns: int, width: int) -> Image.Image:
    """All pictures side by side, each row as high as its highest."""
    small = [p.resize((width, round(p.height * width / p.width))) for p in pictures]
    rows = [small[n : n + columns] for n in range(0, len(small), columns)]
    gap = 12
    heights = [max(each.height for each in row) for row in rows]
    paper = Image.new(
        "RGB", (columns * (width + gap) + gap, sum(heights) + gap * (len(rows) + 1)), "#bdb6aa"
    )
    top = gap
    for row, height in zip(rows, heights, strict=True):
        for n, picture in enumerate(row):
            paper.paste(picture, (gap + n * (width + gap), top))
        top += height + gap
    return paper


async def main(target: Path, folder: Path | None) -> None:
    for size in SIZES:
        pictures = await shoot(size, folder)
        made = sheet(pictures, COLUMNS[size], WIDTHS[size])
        made.save(target / f"page-{size}.jpg", quality=72, optimize=True)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None))
