"""The puppet before a real page: it sees what the page shows, and is its camera."""

from __future__ import annotations

import asyncio
import base64
import os
import time
from typing import Any

import cv2
import numpy as np
from songreel_identity.liveness.actions import Action
from songreel_identity.liveness.protocol import DotTarget, Event, Guidance, Prompt, ScreenLight

from songreel_testing.puppet.subjects import CameraSubject

SLOWDOWN = float(os.environ.get("SONGREEL_SLOWDOWN", "1"))
"""How many seconds of the wall a second of the session takes: a session is in real time,
and a machine that is busy with other things cannot play person, camera and server at once."""


def slow_down() -> None:
    """Makes the running loop's clock, which people, page and service go by, that slow."""
    loop = asyncio.get_running_loop()
    loop.time = lambda: time.monotonic() / SLOWDOWN


# `getUserMedia` gives a canvas that is drawn on as fast as pictures come. With each
# picture that it asks for, the page tells what it shows: words, ring, dot, colour.
CAMERA = """
(() => {
  const slow = SLOWDOWN;
  const request = HTMLVideoElement.prototype.requestVideoFrameCallback;
  HTMLVideoElement.prototype.requestVideoFrameCallback = function (seen) {
    return request.call(this, (now, frame) =>
      seen(now / slow, { ...frame, captureTime: (frame.captureTime ?? now) / slow }));
  };
  const canvas = document.createElement("canvas");
  canvas.width = 640; canvas.height = 480;
  const drawing = canvas.getContext("2d");
  const look = () => {
    const text = (id) => document.getElementById(id)?.textContent ?? "";
    const dot = document.getElementById("dot");
    const box = document.getElementById("session")?.getBoundingClientRect();
    const at = dot?.getBoundingClientRect();
    return {
      action: document.body?.dataset.action ?? "",
      text: text("prompt-text"),
      steps: document.getElementById("steps")?.getAttribute("aria-label") ?? "",
      guide: text("guide"),
      progress: parseFloat(document.getElementById("ring")?.style.strokeDasharray || "0") / 100,
      light: document.body?.dataset.light ?? "",
      dot: !dot || dot.hidden ? null : {
        x: at.x + at.width / 2 - box.x - box.width / 2,
        y: at.y + at.height / 2 - box.y - box.height / 2,
        width: Math.min(box.width * 0.42, 420), height: Math.min(box.height * 0.3, 260),
      },
    };
  };
  const run = async () => {
    for (;;) {
      const picture = new Image();
      picture.src = await window.songreelFrame(look());
      await picture.decode();
      drawing.drawImage(picture, 0, 0);
      await new Promise((done) => setTimeout(done, 5));
    }
  };
  let running = false;
  navigator.mediaDevices.getUserMedia = async () => {
    if (!running) { running = true; run(); }
    return canvas.captureStream();
  };
})();
"""


class BrowserPuppet:
    """Shows a page the subject through its camera, at most `fps` pictures a second."""

    def __init__(self, subject: CameraSubject, *, fps: float = 12.0, noise: float = 2.0) -> None:
        self._subject = subject
        self._period = 1 / fps
        self._noise = noise
        self._random = np.random.default_rng(7)
        self._time = asyncio.get_running_loop().time
        self._begun = self._next = self._time()
        self._shown: dict[str, Any] = {}
        self.actions: list[str] = []
        """What the page asked for, in its order."""
        self.frames = 0

    async def sit(self, context: Any) -> None:
        """Takes the place of the camera in every page of a browser context."""
        await context.expose_function("songreelFrame", self._frame)
        await context.add_init_script(CAMERA.replace("SLOWDOWN", str(SLOWDOWN)))

    async def _frame(self, shown: dict[str, Any]) -> str:
        await asyncio.sleep(max(0.0, self._next - self._time()))  # a camera's pace, not a wait
        now = self._time()
        self._next = max(now, self._next + self._period)
        for event in self._events(shown):
            self._subject.on_event(event, now - self._begun)
        self.frames += 1
        jpeg = await asyncio.to_thread(self._shoot, now - self._begun)
        return "data:image/jpeg;base64," + base64.b64encode(jpeg).decode()

    def _shoot(self, now: float) -> bytes:
        image = self._subject.image(now)
        assert image is not None
        grain = self._random.normal(0, self._noise, image.shape[:2])[..., None]
        noisy = np.clip(image + grain, 0, 255).astype(np.uint8)
        return cv2.imencode(".jpg", noisy[..., ::-1])[1].tobytes()

    def _events(self, shown: dict[str, Any]) -> list[Event]:
        before, self._shown = self._shown, shown
        events: list[Event] = []
        asked = ("action", "text", "steps")
        again = shown["guide"].startswith("Once more") and not before["guide"].startswith("Once")
        if shown["action"] and (again or any(shown[k] != before.get(k) for k in asked)):
            self.actions.append(shown["action"])
            events.append(Prompt(Action(shown["action"]), 0.0, 0, 0))
        if shown["progress"] != before.get("progress"):
            events.append(Guidance(reason=None, progress=shown["progress"]))  # pyright: ignore
        if shown["dot"]:
            dot = shown["dot"]
            # Facing the screen, the screen's left is the person's own.
            events.append(DotTarget(-dot["x"] / dot["width"], -dot["y"] / dot["height"]))
        if shown["light"] != before.get("light"):
            colour = {"blue": -1, "amber": 1}.get(shown["light"], 0)
            events.append(ScreenLight(colour))
        return events
