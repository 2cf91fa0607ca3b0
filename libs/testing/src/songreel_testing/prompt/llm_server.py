"""A real HTTP server in place of a language model, which misbehaves on purpose.

Answers come from a cassette (`cassettes/*.json`), from a fault, or else are those of a good
model (`good_answer`).
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

CASSETTES = Path(__file__).parent / "cassettes"
DETAILS = [
    "gulls over slow water, a lantern swinging",
    "long shadows on the ground, a folded letter",
    "a paper lantern in the wind, old stones",
    "footprints leading away, tall grass",
    "a red umbrella left behind, wet stones",
    "birds turning overhead, a low wall",
    "an open gate, dust in a beam of light",
]
PLACES = {"opening": "lake", "verse": "city", "refrain": "beach", "bridge": "desert"}


@dataclass
class Answer:
    """One HTTP answer."""

    status: int = 200
    body: Any = None
    """Sent as JSON, or as it is when it is text."""
    headers: dict[str, str] = field(default_factory=dict)
    delivery: str = ""
    """hang, drip or drop: how the connection fails; empty sends it whole."""


Fault = Callable[[int, dict[str, Any]], Answer | None]
"""The answer to the n-th question; None gives the good one."""


def completion(text: Any, *, finish: str = "stop", **message: Any) -> dict[str, Any]:
    """A chat completion with a text (or a document)."""
    content = text if isinstance(text, str) or text is None else json.dumps(text)
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "director",
        "choices": [
            {
                "index": 0,
                "finish_reason": finish,
                "message": {"role": "assistant", "content": content, **message},
            }
        ],
        "usage": {"prompt_tokens": 900, "completion_tokens": 600, "total_tokens": 1500},
    }


def error(status: int, message: str, *, code: str | None = None, **headers: str) -> Answer:
    """An error as OpenAI's API words it."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    body = {"error": {"message": message, "type": "error", "code": code, "param": None}}
    return Answer(status, body, named)


def material_of(request: dict[str, Any]) -> dict[str, Any]:
    """The document in the first user message of a request."""
    return json.loads(next(m["content"] for m in request["messages"] if m["role"] == "user"))


def correction_in(request: dict[str, Any]) -> dict[str, Any] | None:
    """What a request for a correction asks; None the first time."""
    turns = [m for m in request["messages"] if m["role"] == "user"]
    return json.loads(turns[-1]["content"]) if len(turns) > 1 else None


def wants_treatment(request: dict[str, Any]) -> bool:
    return "parts" in material_of(request)


def good_answer(request: dict[str, Any]) -> dict[str, Any]:
    """A good model's answer: the treatment, or the shots asked for."""
    material = material_of(request)
    if wants_treatment(request):
        return {
            "theme": "somebody walks through one long evening towards the sea",
            "hero": "woman",
            "wears": "a green coat",
            "stays": "the green coat and the walk",
            "changes": "the light, from rain to a clear night",
            "world": "a city, the beach behind it and a desert in a dream",
            "arc": [f"the walk goes on, part {i + 1}" for i in range(len(material["parts"]))],
            "motifs": ["a paper lantern"],
        }
    return {"shots": [shot_of(scene) for scene in material["scenes"]]}


def shot_of(scene: dict[str, Any]) -> dict[str, Any]:
    number = scene["scene"]
    role = scene["part"].split()[0]
    seen = number % 3 != 0
    return {
        "scene": number,
        "subject": "woman" if seen else "bird",
        "place": PLACES.get(role, "meadow"),
        "time": "sunset",
        "weather": "clear",
        "detail": DETAILS[number % len(DETAILS)] + ", a paper lantern",
        "shot": ("wide", "medium", "close-up")[number % 3],
        "mood": scene["mood_felt"],
        "camera": ("none", "zoom-in", "pan-left")[number % 3],
        "protagonist": seen,
    }


class ModelServer:
    """Answers requests; `requests` and `moderation_inputs` keep them."""

    def __init__(self, fault: Fault | None = None, flagged: Callable[[str], bool] | None = None):
        self.fault = fault
        self.flagged = flagged
        self.moderation_status = 200
        self.requests: list[dict[str, Any]] = []
        self.moderation_inputs: list[str] = []
        self.closing = threading.Event()
        self._lock = threading.Lock()
        self.url = ""

    def answer(self, path: str, request: dict[str, Any]) -> Answer:
        if path.endswith("/moderations"):
            return self._moderate(request["input"])
        if not path.endswith("/chat/completions"):
            return error(404, f"no such path {path}")
        with self._lock:
            index = len(self.requests)
            self.requests.append(request)
        answer = self.fault(index, request) if self.fault else None
        return answer or Answer(body=completion(good_answer(request)))

    def _moderate(self, texts: list[str]) -> Answer:
        if self.flagged is None or self.moderation_status != 200:
            status = 404 if self.flagged is None else self.moderation_status
            return error(status, "Not Found", retry_after_ms="5")
        self.moderation_inputs += texts
        results = [
            {"flagged": bad, "categories": {"violence": bad, "hate": False}}
            for bad in map(self.flagged, texts)
        ]
        return Answer(body={"id": "modr-1", "model": "omni", "results": results})


@contextmanager
def serving_model(
    fault: Fault | None = None, flagged: Callable[[str], bool] | None = None
) -> Generator[ModelServer]:
    """The server on a free loopback port."""
    model = ModelServer(fault, flagged)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            answer = model.answer(self.path, json.loads(self.rfile.read(length)))
            if answer.delivery == "hang":
                model.closing.wait(30)
            if answer.delivery in {"hang", "drop"}:
                self.close_connection = True
                return
            text = answer.body if isinstance(answer.body, str) else json.dumps(answer.body)
            data = text.encode()
            self.send_response(answer.status)
            kind = "text/html" if isinstance(answer.body, str) else "application/json"
            for name, value in {"Content-Type": kind, **answer.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            if answer.delivery == "drip":
                self._drip(data)
            else:
                self.wfile.write(data)

        def _drip(self, data: bytes) -> None:
            self.close_connection = True
            try:
                for position in range(len(data)):
                    self.wfile.write(data[position : position + 1])
                    if model.closing.wait(0.05):
                        return
            except OSError:
                return  # the client went away, as it should

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    model.url = f"http://127.0.0.1:{server.server_port}/v1"
    try:
        yield model
    finally:
        model.closing.set()
        server.shutdown()
        thread.join()
        server.server_close()


def cassette(name: str) -> Fault:
    """Answers as a file has them, in order; each says which form of question it answers."""
    steps = json.loads((CASSETTES / f"{name}.json").read_text(encoding="utf-8"))["exchanges"]

    def play(index: int, request: dict[str, Any]) -> Answer | None:
        if index >= len(steps):
            return error(410, "the cassette is at its end")
        step = steps[index]
        form = request.get("response_format", {}).get("type", "text")
        if form != step["question_form"]:
            return error(409, f"the cassette has {step['question_form']}, asked was {form}")
        return Answer(step["status"], step["body"], step.get("headers", {}))

    return play
