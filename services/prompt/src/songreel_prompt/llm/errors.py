"""What can go wrong between us and a language model.

    AnswerFailed          no usable answer; the offline storyteller writes instead
    |- Unreachable        no answer: timeouts, 429, 5xx, a broken connection
    |- Rejected           the server does not take the question, in any form
    |- Refused            the model declined to answer
    |- Garbled            an answer that is not what was asked for
    `- BudgetSpent        the job's tokens or money are used up

None of them leaves the service: a storyboard's notes name them. What a person has to
correct (no model set, a wrong key) is `songreel_kit.errors.ModelMissing` instead.
"""

from __future__ import annotations


class AnswerFailed(Exception):  # noqa: N818 - named like the project's other errors
    """No usable answer; the message says why, for the storyboard's notes."""

    final = False
    """Whether further questions of this job would fail as well."""


class Unreachable(AnswerFailed):
    """The server gave no answer, however often it was asked."""

    final = True


class Rejected(AnswerFailed):
    """The server does not take the question."""


class Refused(AnswerFailed):
    """The model declined, or the server's filter did for it."""


class Garbled(AnswerFailed):
    """The answer cannot be read as what was asked for."""


class BudgetSpent(AnswerFailed):
    """Asking would cost more than the job may."""

    final = True
