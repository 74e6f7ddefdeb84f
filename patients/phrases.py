"""Every sentence that the pure modules say to a patient, for whoever translates (pure).

They hold tables and sentences made of parts, so they are asked for what they say instead of being
read for it; pages look it up by the English.
"""

from collections.abc import Iterator

from patients import answers, findings, questionnaire


def phrases() -> Iterator[str]:
    """Yield what a patient may read of the questionnaire, its refusals and its findings."""
    for section in questionnaire.SECTIONS:
        yield from filter(None, (section.title, section.intro))
    for question in questionnaire.QUESTIONS:
        yield from filter(None, (question.text, question.help))
        for choice in question.choices:
            yield from filter(None, (choice.group, choice.label))
    yield from answers.SENTENCES.values()
    for finding in findings.CATALOGUE.values():
        yield finding.detail
