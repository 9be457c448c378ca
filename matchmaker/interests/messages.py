"""Talk: messages of an introduction, each sent once, in the order in which they came, and who has read how far."""

import hashlib
from dataclasses import dataclass

from sqlmodel import Session

from matchmaker.accounts.models import Organisation
from matchmaker.accounts.schemas import Actor
from matchmaker.audit.service import record
from matchmaker.core.clock import now
from matchmaker.core.errors import Conflict, Invalid, NotAllowed
from matchmaker.core.guess import guess_language
from matchmaker.core.languages import is_language, main_language
from matchmaker.core.text import clean_text
from matchmaker.db.uow import UnitOfWork
from matchmaker.files import service as files
from matchmaker.files.service import Received
from matchmaker.interests import introduction_news as news
from matchmaker.interests import introduction_queries as queries
from matchmaker.interests.introduction_policy import Standing, standing
from matchmaker.interests.introductions import path_of
from matchmaker.interests.models import Introduction, Message, MessageAttachment, ThreadRead
from matchmaker.interests.telling import EVERYBODY, Told, people_of, tell_sides
from matchmaker.review.models import Side, State, Suggestion

LIMIT = 10_000


MOST_FILES = 5


@dataclass(frozen=True)
class Words:
    """What a form sends: the text, its language ("" to have it guessed), the form's own token, the page's language."""

    text: str
    lang: str = ""
    once: str = ""
    page_lang: str = ""
    files: tuple[Received, ...] = ()


def require_writer(session: Session, public_id: str, actor: Actor) -> None:
    """Raise what `send` would raise for this actor, before their files are looked at."""
    if not standing(actor, queries.readable(session, public_id, actor)).writes:
        raise NotAllowed("only people who act for a side, and the broker, may write")


def send(uow: UnitOfWork, public_id: str, words: Words, *, actor: Actor) -> Message:
    """Put a message into the thread and tell the others; the same form sent again is the same message."""
    introduction = queries.readable(uow.session, public_id, actor, lock=True)
    require_writer(uow.session, public_id, actor)
    here = standing(actor, introduction)
    text = _checked(words)
    once = _once(actor, introduction, words, text)
    known = queries.message_by_once(uow.session, once)
    if known is not None:
        return known
    suggestion = queries.match_of(uow.session, introduction)
    if suggestion.state is State.CLOSED:
        raise Conflict("this introduction has ended")
    assert introduction.id is not None
    message = Message(
        introduction_id=introduction.id,
        author_id=actor.person_id,
        side=here.side,
        text=text,
        lang=_language(uow.session, introduction, words, text, actor),
        once=once,
    )
    uow.session.add(message)
    uow.session.flush()  # its files need message.id
    for received in words.files:
        stored = files.store(uow, received, actor=actor)
        uow.session.add(MessageAttachment(message_id=message.id or 0, file_id=stored.id or 0))
    record(uow, actor.public_id, "message.send", ("introduction", introduction.public_id), message.public_id)
    _tell(uow, introduction, suggestion, actor, here)
    return message


def _checked(words: Words) -> str:
    text = clean_text(words.text)
    if len(words.files) > MOST_FILES:
        raise Invalid({"file": "too_many_files"})
    if not text:
        raise Invalid({"text": "missing"})
    if len(text) > LIMIT:
        raise Invalid({"text": "too_long"})
    return text


def _once(actor: Actor, introduction: Introduction, words: Words, text: str) -> str:
    """What makes a message the same: who, where, by which form, and what it says.

    With the words, since a browser's "back" shows an old form again, and what is written there anew is another message.
    Files by what they say, since cleaning one twice need not give the same bytes.
    """
    attached = (f"{one.name}\0{one.size}\0{one.text}" for one in words.files)
    said = "\0".join((actor.public_id, introduction.public_id, words.once, text, *attached))
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()


def _language(
    session: Session, introduction: Introduction, words: Words, text: str, actor: Actor
) -> str:  # fmt: skip
    if is_language(words.lang):
        return words.lang
    return guess_language(text, usual_languages(session, introduction, actor, words.page_lang))


def usual_languages(session: Session, introduction: Introduction, actor: Actor, page_lang: str) -> list[str]:
    """What the actor is likely to write in: as last time, as they read the portal, as people do where they are."""
    orgs = [introduction.need_org_id, introduction.result_org_id]
    countries = [
        org.country for org in (session.get(Organisation, id_) for id_ in orgs if id_ in actor.memberships) if org
    ]
    last = queries.last_language(session, introduction, actor.person_id)
    likely = [last, page_lang, *(main_language(country) or "" for country in countries)]
    return [lang for lang in dict.fromkeys(likely) if lang and lang != "und"]


def _tell(uow: UnitOfWork, introduction: Introduction, suggestion: Suggestion, actor: Actor, here: Standing) -> None:
    """One letter for a thread that somebody has not read, however many messages wait in it."""
    sender = uow.session.get(Organisation, _organisation(introduction, here.side))
    path, params = path_of(introduction), {"sender": sender.public_id if sender else news.BROKER}
    everybody = {id_ for people in people_of(uow.session, suggestion).values() for id_ in people}
    waiting = queries.unread_news(uow.session, everybody | {introduction.broker_id}, news.MESSAGE, path)
    tell_sides(uow, suggestion, Told(news.MESSAGE, path, params, waiting | {actor.person_id}), EVERYBODY, introduction)


def _organisation(introduction: Introduction, side: Side | None) -> int:
    if side is None:
        return 0
    return introduction.need_org_id if side is Side.NEED else introduction.result_org_id


def mark_read(uow: UnitOfWork, introduction: Introduction, upto: int, *, actor: Actor) -> None:
    """Note that the actor has seen the thread up to a message; never back."""
    assert introduction.id is not None
    row = uow.session.get(ThreadRead, (introduction.id, actor.person_id))
    row = row or ThreadRead(introduction_id=introduction.id, person_id=actor.person_id)
    if upto > row.last_message_id:
        row.last_message_id, row.at = upto, now()
        uow.session.add(row)
    for told in queries.news_at(uow.session, actor.person_id, news.MESSAGE, path_of(introduction)):
        told.read_at = now()
