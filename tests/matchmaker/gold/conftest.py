"""A small market in several languages, a round over it, and those who grade."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from flask import Flask
from sqlalchemy import Engine
from sqlmodel import select

from matchmaker.accounts.models import Role
from matchmaker.accounts.schemas import Actor
from matchmaker.db.engine import reading_session
from matchmaker.db.uow import unit_of_work
from matchmaker.gold import grading, queries, service, tasks
from matchmaker.gold.models import GoldGrade, GoldPair, GoldRound
from matchmaker.gold.schemas import RoundDraft, Verdict
from matchmaker.listings.models import Listing
from matchmaker.matching.runtime import Matcher
from tests.factories.market import NEED, RESULT, publish

TOPICS = ("drilling", "battery", "laser", "membrane")
LANGUAGES = (("zh", "CN"), ("sr", "RS"), ("de", "DE"), ("it", "IT"))


@dataclass
class Gold:
    """Everything that a test of rounds speaks of."""

    engine: Engine
    matcher: Matcher
    needs: list[Listing]
    results: list[Listing]
    needer: Actor
    resulter: Actor
    administrator: Actor
    one: Actor
    two: Actor
    three: Actor

    def open(self, *graders: Actor, **changes: object) -> GoldRound:
        """A round whose needs are drawn and whose pools are not."""
        people = graders or (self.one, self.two)
        said = {"name": "Autumn", "needs": 4, "depth": 2, "seed": 7, "graders": tuple(p.public_id for p in people)}
        with unit_of_work(self.engine) as uow:
            return service.open_round(uow, RoundDraft(**{**said, **changes}), actor=self.administrator)

    def drawn(self, *graders: Actor, **changes: object) -> GoldRound:
        row = self.open(*graders, **changes)
        tasks.draw_all(self.matcher, row.id or 0, lambda done, total: None)
        return row

    def pairs(self) -> list[GoldPair]:
        with reading_session(self.engine) as session:
            return list(session.exec(select(GoldPair).order_by(GoldPair.id)))

    def grades(self) -> list[GoldGrade]:
        with reading_session(self.engine) as session:
            return list(session.exec(select(GoldGrade).order_by(GoldGrade.id)))

    def waiting(self, actor: Actor) -> int:
        with reading_session(self.engine) as session:
            return sum(queries.waiting(session, actor).values())

    def judge(self, pair: GoldPair, actor: Actor, grade: int | None, *, version: int = 0, note: str = "") -> GoldGrade:
        with unit_of_work(self.engine) as uow:
            said = Verdict(grade="skip" if grade is None else grade, version=version, note=note)
            return grading.judge(uow, pair.public_id, said, actor=actor)

    def settle(self, pair: GoldPair, actor: Actor, grade: int) -> GoldGrade:
        with unit_of_work(self.engine) as uow:
            return grading.settle(uow, pair.public_id, Verdict(grade=grade), actor=actor)

    def take_back(self, pair: GoldPair, actor: Actor, version: int) -> GoldGrade:
        with unit_of_work(self.engine) as uow:
            return grading.take_back(uow, pair.public_id, version=version, actor=actor)

    def close(self, row: GoldRound) -> None:
        with unit_of_work(self.engine) as uow:
            service.close(uow, row.public_id, actor=self.administrator)


@pytest.fixture
def gold(app: Flask, engine: Engine, person: Callable[..., Actor]) -> Gold:
    matcher: Matcher = app.extensions["matchmaker.matcher"]
    matcher.open()
    needer, resulter = person(), person(country="DE", kind="institute")
    needs, results = [], []
    for lang, country in LANGUAGES:
        for topic in TOPICS:
            said = {
                "lang": lang,
                "country": country,
                "title": f"{topic} {lang}",
                "summary": f"About {topic} in {lang}.",
            }
            if lang in {"zh", "sr"}:
                needs.append(publish(engine, needer, NEED, **said))
            results.append(publish(engine, resulter, RESULT, **said))
    while matcher.round():
        pass
    return Gold(
        engine=engine,
        matcher=matcher,
        needs=needs,
        results=results,
        needer=needer,
        resulter=resulter,
        administrator=person(Role.ADMINISTRATOR),
        one=person(Role.BROKER),
        two=person(Role.BROKER),
        three=person(Role.BROKER),
    )
