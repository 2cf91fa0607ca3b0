"""One render in a process of its own: `python -m bench.render.one_render FOLDER FRAMES`.

The folder holds `checkpoint` and `song.mp3`. Prints a JSON object when it is done.
"""

from __future__ import annotations

import hashlib
import json
import resource
import sys
import time
from pathlib import Path

import av
from songreel.render.v1.render_plan_pb2 import RenderSettings
from songreel_kit.artifacts.documents import store_document
from songreel_kit.artifacts.open import open_store
from songreel_kit.work import CancelToken
from songreel_render.plan.planner import RenderJob
from songreel_render.renderer import Renderer
from songreel_render.settings import RenderServiceSettings

from bench.render.click_track import analysis_of, storyboard_of

FPS = 24
SIZE = 64
SEGMENT_FRAMES = 48


def settings_of(folder: Path) -> RenderServiceSettings:
    """Of the service; the store is in the folder."""
    return RenderServiceSettings(
        checkpoint=folder / "checkpoint",
        store=str(folder / "artifacts"),
        signing_folder=folder / "credentials",
        device="cpu",
        dtype="float32",
        batch_frames=8,
        segment_frames=SEGMENT_FRAMES,
        threads=1,
    )


def main() -> None:
    """Renders and measures."""
    folder, frames = Path(sys.argv[1]), int(sys.argv[2])
    seconds = frames / FPS
    settings = settings_of(folder)
    store = open_store(settings.store)
    job = RenderJob(
        store.put_file(folder / "song.mp3", "audio/mpeg"),
        store_document(store, analysis_of(seconds)),
        store_document(store, storyboard_of(seconds)),
        RenderSettings(fps=str(FPS), size=SIZE, steps=1, guidance_scale=1.0),
    )
    renderer = Renderer(settings, store)
    begun = time.process_time()
    token = CancelToken()
    prepared = renderer.prepare(job, lambda _: None, token)
    result = renderer.render(prepared, lambda _: None, token)
    seconds = time.process_time() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    digest = hashlib.sha256()
    with store.local_path(result.video) as path, av.open(str(path)) as video:
        for frame in video.decode(video=0):
            digest.update(frame.to_ndarray(format="yuv420p").tobytes())
    print(
        json.dumps(
            {
                "frames": result.frames,
                "reused": result.frames_reused,
                "denoised": result.frames_denoised,
                "cpu_seconds": seconds,
                "peak_mib": peak,
                "sha256": digest.hexdigest(),
            }
        )
    )


if __name__ == "__main__":
    main()
