"""The offline storyteller, as the table of storytellers has it."""

from __future__ import annotations

from songreel_kit.work import CancelToken

from songreel_prompt.story import offline
from songreel_prompt.storyteller import ProgressCallback, StoryboardRequest, StoryboardResult


class OfflineStoryteller:
    """No network, no model: `songreel_prompt.story.offline`."""

    @property
    def version(self) -> str:
        """Raised when the same request is written otherwise."""
        return "3"

    def prepare(self) -> None:
        """Nothing is ever missing."""

    def write(
        self, request: StoryboardRequest, report_progress: ProgressCallback, token: CancelToken
    ) -> StoryboardResult:
        """Writes the storyboard; equal requests give equal bytes."""
        return StoryboardResult(offline.write_storyboard(request))
