"""What brokers tell each other and ask the sides."""

from matchmaker.i18n import lazy
from matchmaker.notifications.kinds import Kind, declare

declare(
    Kind(
        "match.assigned",
        lazy("A colleague gives you a match"),
        lazy("A colleague has given you the match for “%(listing)s”."),
        icon="person-plus",
        staff=True,
    ),
    Kind(
        "match.unassigned",
        lazy("A colleague keeps a match after all"),
        lazy("The match for “%(listing)s” is not with you after all."),
        icon="person-x",
        staff=True,
    ),
    Kind(
        "match.question",
        lazy("A broker asks you something"),
        lazy("A broker has a question about “%(listing)s”."),
        icon="question-circle",
    ),
    Kind(
        "match.second_opinion",
        lazy("A colleague asks for your opinion"),
        lazy("A colleague asks for your opinion on the match for “%(listing)s”."),
        icon="question-circle",
        staff=True,
    ),
    Kind(
        "match.opinion",
        lazy("A colleague has given you an opinion"),
        lazy("A colleague has answered your question about the match for “%(listing)s”."),
        icon="reply",
        staff=True,
    ),
)
