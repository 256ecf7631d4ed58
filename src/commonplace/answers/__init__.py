"""From a question to an answer whose every sentence is cited, or to a refusal that cites nothing."""

from commonplace.answers._types import Answer, Citation, Refusal, Sentence

__all__ = ["Answer", "Citation", "Refusal", "Sentence"]
