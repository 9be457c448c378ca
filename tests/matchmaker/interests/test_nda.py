"""Agreeing on confidence: one text, seen by both, confirmed by both, and what it opens."""

import hashlib
import re

import pytest
from sqlmodel import select

from matchmaker.accounts.models import MembershipRole, Organisation
from matchmaker.audit.models import AuditEvent
from matchmaker.core.errors import Conflict, NotAllowed, NotFound
from matchmaker.db.uow import unit_of_work
from matchmaker.interests import introduction_news as news
from matchmaker.interests import nda
from matchmaker.interests.models import Nda
from matchmaker.interests.nda_text import NdaDraft, agreement
from matchmaker.listings.models import Disclosure, DisclosureLevel
from matchmaker.review.models import State
from matchmaker.review.moves import find

DRAFT = NdaDraft(language="zh_en", purpose="钻孔机器人 drilling robot", years=3, law="Swiss law, Geneva")
FORM = {"language": "en", "purpose": "A drilling robot", "years": "5", "law": "Swiss law", "seen": ""}


def propose(pair, made, actor=None, draft=DRAFT, seen=""):
    with unit_of_work(pair.engine) as uow:
        return nda.propose(uow, made.public_id, draft, seen=seen, actor=actor or pair.need.actor)


def confirm(pair, proposed, who, seen=None):
    with unit_of_work(pair.engine) as uow:
        sha256 = hashlib.sha256(proposed.text.encode()).hexdigest() if seen is None else seen
        return nda.confirm(uow, proposed.public_id, sha256, actor=who.actor)


def levels(session):
    rows = session.exec(select(Disclosure).where(Disclosure.level == DisclosureLevel.NDA)).all()
    return {(row.listing_id, row.organisation_id, row.person_id) for row in rows}


def test_the_text_names_both_parties_in_both_languages_and_says_that_it_is_a_template():
    need = Organisation(name="真武煤矿", name_en="Zhenwu Mine", kind="enterprise", country="CN", city="重庆")
    result = Organisation(name="Дубинска опрема", kind="institute", country="RS")
    text = agreement(DRAFT, need, result)
    assert text.count("真武煤矿 / Zhenwu Mine") == 2
    assert text.count("Дубинска опрема") == 2
    for said in ("塞尔维亚", "Serbia", "3 years", "3 年", "not legal advice", "不构成法律意见", "Swiss law, Geneva"):
        assert said in text
    assert "$" not in text


def test_what_is_filled_in_is_taken_as_it_is():
    one = Organisation(name="$purpose", kind="enterprise", country="CN")
    text = agreement(DRAFT.model_copy(update={"purpose": "${law} 100 %s", "years": 1}), one, one)
    assert "${law} 100 %s" in text
    assert "$purpose" in text
    assert "1 year after" in text


def test_both_confirm_and_the_sealed_parts_open_to_the_organisations_and_not_to_the_broker(pair, session, told):
    made = pair.introduce()
    proposed = propose(pair, made)
    confirm(pair, proposed, pair.need)
    assert levels(session) == set()
    session.rollback()
    done = confirm(pair, proposed, pair.result)
    assert nda.is_in_force(done)
    (need_org,), (result_org,) = pair.need.actor.memberships, pair.result.actor.memberships
    assert levels(session) == {(pair.need_listing.id, result_org, None), (pair.result_listing.id, need_org, None)}
    assert told(pair.result.actor) == [news.OPENED, news.NDA_PROPOSED, news.NDA_CONFIRMED, news.NDA_IN_FORCE]
    assert told(pair.broker.actor) == [news.OPENED, news.NDA_IN_FORCE]


def test_the_record_keeps_the_hash_of_what_was_confirmed(pair, session):
    proposed = propose(pair, pair.introduce())
    confirm(pair, proposed, pair.need)
    sha256 = hashlib.sha256(proposed.text.encode()).hexdigest()
    events = session.exec(select(AuditEvent).where(AuditEvent.object_id == proposed.public_id)).all()
    assert [event.action for event in events] == ["nda.propose", "nda.confirm"]
    assert all(sha256 in event.detail for event in events)
    assert pair.need.actor.name not in "".join(event.detail for event in events)


def test_confirming_a_text_that_was_replaced_is_a_conflict(pair, session):
    made = pair.introduce()
    old = propose(pair, made)
    confirm(pair, old, pair.need)
    new = propose(pair, made, pair.result.actor, DRAFT.model_copy(update={"years": 9}), seen=old.public_id)
    with pytest.raises(Conflict):
        confirm(pair, old, pair.result)
    assert levels(session) == set()
    session.rollback()
    confirm(pair, new, pair.need)
    confirm(pair, new, pair.result)
    assert levels(session) != set()


def test_confirming_another_text_than_the_one_that_was_seen_is_a_conflict(pair):
    proposed = propose(pair, pair.introduce())
    with pytest.raises(Conflict):
        confirm(pair, proposed, pair.need, seen="0" * 64)


def test_two_who_propose_at_once_see_each_others(pair):
    made = pair.introduce()
    propose(pair, made)
    with pytest.raises(Conflict):
        propose(pair, made, pair.result.actor, DRAFT.model_copy(update={"years": 9}))


def test_proposing_the_same_twice_is_one_proposal(pair, session):
    made = pair.introduce()
    first, second = propose(pair, made), propose(pair, made)
    assert first.public_id == second.public_id
    assert len(session.exec(select(Nda)).all()) == 1


def test_confirming_twice_is_once(pair, session, told):
    proposed = propose(pair, pair.introduce())
    first = confirm(pair, proposed, pair.need)
    again = confirm(pair, proposed, pair.need)
    assert first.need_confirmed_at == again.need_confirmed_at
    confirm(pair, proposed, pair.result)
    confirm(pair, proposed, pair.result)
    assert len(session.exec(select(Disclosure).where(Disclosure.level == DisclosureLevel.NDA)).all()) == 2


def test_nobody_agrees_with_themselves(pair, join, engine):
    proposed = propose(pair, pair.introduce())
    join(pair.need.actor, pair.result.actor)
    path = f"/introductions/nda/{proposed.public_id}"
    sha256 = hashlib.sha256(proposed.text.encode()).hexdigest()
    for _ in range(2):
        assert pair.need.client.post(f"{path}/confirm", data={"sha256": sha256}).status_code == 303
    assert "not confirmed yet" in pair.need.client.get(path).text


def test_after_the_end_nothing_is_agreed(pair):
    made = pair.introduce()
    proposed = propose(pair, made)
    with unit_of_work(pair.engine) as uow:
        find(uow, pair.public_id).state = State.CLOSED
    with pytest.raises(Conflict):
        confirm(pair, proposed, pair.need)
    with pytest.raises(Conflict):
        propose(pair, made, seen=proposed.public_id)


def test_neither_broker_nor_viewer_nor_stranger_proposes_or_confirms(pair, person, join, someone):
    made = pair.introduce()
    proposed = propose(pair, made)
    viewer = someone()
    join(viewer.actor, pair.need.actor, MembershipRole.VIEWER)
    assert viewer.client.get(f"/introductions/nda/{proposed.public_id}").status_code == 200
    assert viewer.client.post(f"/introductions/{made.public_id}/nda", data=FORM).status_code == 403
    assert viewer.client.get(f"/introductions/{made.public_id}/nda").status_code == 404
    with pytest.raises(NotFound):
        confirm(pair, proposed, pair.broker)
    with pytest.raises(NotAllowed):
        propose(pair, made, pair.broker.actor)
    assert pair.broker.client.get(f"/introductions/nda/{proposed.public_id}").status_code == 404
    with pytest.raises(NotFound):
        propose(pair, made, person())


@pytest.mark.parametrize(
    ("field", "value"),
    [("language", "de"), ("purpose", " "), ("purpose", "x" * 1001), ("years", "0"), ("years", "21"), ("years", "½"),
     ("years", ""), ("years", "9" * 40), ("law", ""), ("law", "x" * 301), ("further", "x" * 3001)],
)  # fmt: skip
def test_what_is_filled_in_wrongly_is_said_and_kept(field, value, pair, session):
    made = pair.introduce()
    answer = pair.need.client.post(f"/introductions/{made.public_id}/nda", data={**FORM, field: value})
    assert answer.status_code == 422
    assert f'id="{field}-problem"' in answer.text
    assert session.exec(select(Nda)).all() == []


def test_the_story_of_a_page(pair):
    """Propose by the form, read, confirm on both sides, download exactly what was confirmed."""
    made = pair.introduce()
    sent = pair.need.client.post(f"/introductions/{made.public_id}/nda", data=FORM)
    path = sent.location
    for who in (pair.need, pair.result):
        page = who.client.get(path).text
        sha256 = re.search(r'name="sha256" value="(\w{64})"', page)[1]
        assert who.client.post(f"{path}/confirm", data={"sha256": sha256}).status_code == 303
    page = pair.result.client.get(path).text
    assert "Confirmed by both sides" in page
    assert pair.need.actor.name in page
    assert 'name="sha256"' not in page
    text = pair.result.client.get(f"{path}/text")
    assert hashlib.sha256(text.data).hexdigest() == sha256
    name = text.headers["Content-Disposition"]
    assert re.fullmatch(r'attachment; filename="nda-[a-z0-9]{10}\.txt"', name)


def test_the_conflict_shows_the_text_that_is_proposed_now(pair):
    made = pair.introduce()
    old = propose(pair, made)
    new = propose(pair, made, pair.result.actor, DRAFT.model_copy(update={"years": 9}), seen=old.public_id)
    sha256 = hashlib.sha256(old.text.encode()).hexdigest()
    answer = pair.need.client.post(f"/introductions/nda/{old.public_id}/confirm", data={"sha256": sha256})
    assert answer.status_code == 409
    assert f"/introductions/nda/{new.public_id}" in answer.text
    late = pair.need.client.post(f"/introductions/{made.public_id}/nda", data={**FORM, "seen": old.public_id})
    assert late.status_code == 409
    assert "A drilling robot" in late.text
    assert f"/introductions/nda/{new.public_id}" in late.text
