"""Exports have the benchmark's shape, and nothing in them that a stranger may not read."""

import gzip
import json
from datetime import timedelta

import pytest
from sqlmodel import select

from embeddings.evaluation.dataset import read
from matchmaker.accounts.models import Organisation, Role
from matchmaker.core.clock import now
from matchmaker.db.engine import reading_session
from matchmaker.db.uow import unit_of_work
from matchmaker.gold import export
from matchmaker.gold.models import GoldEvaluation
from matchmaker.listings.models import Listing
from matchmaker.listings.schemas import Confidence
from tests.factories.market import NEED, RESULT, publish
from tests.matchmaker.matching.conftest import changed, withdrawn


@pytest.fixture
def graded(gold):
    """Every pair graded by one person, 0 to 3 in turn."""
    row = gold.drawn(double_share=0)
    for number, pair in enumerate(gold.pairs()):
        gold.judge(pair, gold.one, number % 4)
    return gold, row


def written(gold, row, folder, **wanted):
    folder.mkdir()
    with reading_session(gold.engine) as session:
        return export.write(session, row, folder, **wanted)


def rows(path):
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def everything(folder):
    """All that the files say, unpacked."""
    texts = []
    for path in sorted(folder.iterdir()):
        raw = path.read_bytes()
        texts.append((gzip.decompress(raw) if path.suffix == ".gz" else raw).decode())
    return "\n".join(texts)


def test_an_export_is_read_like_any_benchmark(graded, tmp_path):
    gold, row = graded
    counts = written(gold, row, tmp_path / "set")
    dataset = read(tmp_path / "set")
    assert counts.judged_pairs == len(gold.pairs())
    assert {query.lang for query in dataset.queries} <= {"zh", "sr"}
    assert {query.country for query in dataset.queries} <= {"CN", "RS"}
    assert len(dataset.documents) == len({pair.result_id for pair in gold.pairs()})
    given = sorted(grade for grades in dataset.relevant.values() for grade in grades.values())
    assert given == sorted(n % 4 for n in range(len(gold.pairs())) if n % 4)


def test_grades_reach_the_documents_that_they_were_given_to(graded, tmp_path):
    gold, row = graded
    written(gold, row, tmp_path / "set")
    texts = {one["id"]: one for name in ("queries", "docs") for one in rows(tmp_path / "set" / f"{name}.jsonl.gz")}
    with reading_session(gold.engine) as session:
        titles = {x.id: f"{x.lang}" for x in session.exec(select(Listing))}
    found = sorted(
        (texts[q]["lang"], texts[d]["lang"], int(grade))
        for q, d, grade in (line.split("\t") for line in (tmp_path / "set" / "qrels.tsv").read_text().splitlines()[1:])
    )
    assert found == sorted((titles[p.need_id], titles[p.result_id], n % 4) for n, p in enumerate(gold.pairs()))


def test_the_rest_of_the_market_is_said_to_be_unjudged(graded, tmp_path):
    gold, row = graded
    counts = written(gold, row, tmp_path / "set", market=True)
    documents = rows(tmp_path / "set" / "docs.jsonl.gz")
    judged = {one["id"] for one in documents if one["judged"]}
    assert len(documents) == counts.documents == len(gold.results)
    assert counts.unjudged_documents == len(documents) - len(judged)
    assert len(judged) == len({pair.result_id for pair in gold.pairs()})


def test_grades_below_the_least_are_written_as_none(graded, tmp_path):
    gold, row = graded
    written(gold, row, tmp_path / "set", least=2)
    grades = {line.split("\t")[2] for line in (tmp_path / "set" / "qrels.tsv").read_text().splitlines()[1:]}
    assert grades == {"0", "2", "3"}


def test_what_brought_a_pair_is_told_of_closed_rounds_only(graded, tmp_path):
    gold, row = graded
    written(gold, row, tmp_path / "open")
    assert not (tmp_path / "open" / "pools.tsv").exists()
    gold.close(row)
    with reading_session(gold.engine) as session:
        row = session.get(type(row), row.id)
    written(gold, row, tmp_path / "closed")
    assert "\tproduct\t1\n" in (tmp_path / "closed" / "pools.tsv").read_text()


def test_two_exports_of_the_same_state_are_the_same(graded, tmp_path):
    gold, row = graded
    for name in ("one", "two"):
        written(gold, row, tmp_path / name)
    for file in ("queries.jsonl.gz", "docs.jsonl.gz", "qrels.tsv"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_what_left_the_market_is_left_out_and_counted(graded, tmp_path):
    gold, row = graded
    pair = gold.pairs()[0]
    gone = next(x for x in gold.results if x.id == pair.result_id)
    withdrawn(gold.engine, gold.resulter, gone)
    counts = written(gold, row, tmp_path / "set", market=True)
    assert counts.withdrawn_pairs == sum(p.result_id == gone.id for p in gold.pairs())
    assert counts.judged_pairs == len(gold.pairs()) - counts.withdrawn_pairs
    assert gone.public_id not in everything(tmp_path / "set")
    with reading_session(gold.engine) as session:
        assert export.Names(session, row).of(session.get(Listing, gone.id)) not in everything(tmp_path / "set")


def test_disputed_and_ungraded_pairs_are_not_called_judged(gold, tmp_path):
    row = gold.drawn()
    first, second, *rest = gold.pairs()
    gold.judge(first, gold.one, 0)
    gold.judge(first, gold.two, 3)
    gold.judge(second, gold.one, 3)
    counts = written(gold, row, tmp_path / "set")
    assert (counts.disputed_pairs, counts.judged_pairs, counts.ungraded_pairs) == (1, 1, len(rest))


def test_a_text_that_was_changed_after_its_grade_is_counted(graded, tmp_path):
    gold, row = graded
    need = next(x for x in gold.needs if x.id == gold.pairs()[0].need_id)
    changed(gold.engine, gold.needer, need, summary="Written anew.")
    counts = written(gold, row, tmp_path / "set")
    assert counts.changed_pairs == sum(p.need_id == need.id for p in gold.pairs())


SECRETS = ("zqxvname", "zqxvsealed", "zqxvembargo", "zqxvlater")


def test_no_export_and_no_page_tells_what_is_sealed_anonymous_or_under_embargo(gold, signed_in, tmp_path):
    with unit_of_work(gold.engine) as uow:
        for actor in (gold.needer, gold.resulter):
            owner = uow.session.get(Organisation, actor.organisation_id)
            owner.name = owner.name_en = "Works zqxvname"
    hidden = Confidence(anonymous=True, sealed="drilling zqxvsealed drilling")
    said = {"description": "We of Works ZQXVNAME drill deep into the ground.", "confidence": hidden}
    later = Confidence(anonymous=True, embargo_until=now().date() + timedelta(days=9))
    publish(gold.engine, gold.needer, NEED, title="a sealed need", lang="fr", country="FR", **said)
    publish(gold.engine, gold.resulter, RESULT, title="a sealed result", lang="es", country="ES", **said)
    embargoed = {"description": "drilling zqxvembargo", "confidence": later}
    publish(gold.engine, gold.needer, NEED, title="a need to come", lang="pt", country="PT", **embargoed)
    publish(gold.engine, gold.resulter, RESULT, title="a result to come", lang="nl", country="NL", **embargoed)
    while gold.matcher.round():
        pass
    with unit_of_work(gold.engine) as uow:
        for listing in uow.session.exec(select(Listing)):
            listing.anonymous = True
    browser, broker = signed_in(Role.BROKER)
    row = gold.drawn(gold.one, broker, needs=20, depth=20, double_share=0)
    with reading_session(gold.engine) as session:
        titles = {x.id: x.lang for x in session.exec(select(Listing))}
    pooled = {titles[id_] for p in gold.pairs() for id_ in (p.need_id, p.result_id)}
    assert {"fr", "es"} <= pooled
    assert not {"pt", "nl"} & pooled
    pages = [browser.get(f"/gold/{row.public_id}{end}").get_data(as_text=True) for end in ("", "/mine", "/disputes")]
    pages += [browser.get(f"/gold/pairs/{pair.public_id}").get_data(as_text=True) for pair in gold.pairs()]
    assert any("a sealed result" in one for one in pages)
    for pair in gold.pairs():
        gold.judge(pair, gold.one, 3)
    # Closed after it was graded: this too must not go out.
    shut = next(x for x in gold.results if x.id == gold.pairs()[0].result_id)
    with unit_of_work(gold.engine) as uow:
        row_ = uow.session.get(Listing, shut.id)
        row_.embargo_until = now().date() + timedelta(days=9)
    counts = written(gold, row, tmp_path / "set", market=True)
    assert counts.withdrawn_pairs > 0
    pages.append(everything(tmp_path / "set"))
    assert "a sealed result" in pages[-1]
    assert [word for word in SECRETS[1:] for one in pages if word in one.casefold()] == []
    assert SECRETS[0] not in pages[-1].casefold()


def test_the_commands_export_and_evaluate(app, graded, tmp_path):
    gold, row = graded
    runner = app.test_cli_runner()
    assert row.public_id in runner.invoke(args=["gold", "list"]).output
    folder = tmp_path / "out" / "set"
    done = runner.invoke(args=["gold", "export", row.public_id, str(folder)])
    assert (done.exit_code, len(read(folder).queries)) == (0, 4)
    again = runner.invoke(args=["gold", "export", row.public_id, str(folder)])
    assert again.exit_code != 0
    assert "already" in f"{again.output}{again.exception}"
    figures = runner.invoke(args=["gold", "evaluate", row.public_id, "--json"])
    assert figures.exit_code == 0, figures.output
    found = json.loads(figures.stdout)
    plain = runner.invoke(args=["matching", "evaluate", str(folder), "--json"])
    assert json.loads(plain.stdout) == found
    assert all(">" in pair for pair in found["pairs"])
    with reading_session(gold.engine) as session:
        kept = session.exec(select(GoldEvaluation)).one()
    assert json.loads(kept.figures)["product"] == found["product"]


def test_the_commands_say_in_a_line_what_is_wrong(app, gold, tmp_path):
    runner = app.test_cli_runner()
    for args in (["evaluate", "nosuch"], ["export", "nosuch", str(tmp_path / "x")], ["draw", "nosuch"]):
        done = runner.invoke(args=["gold", *args])
        assert "there is no round nosuch" in f"{done.output}{done.exception}"
    row = gold.drawn()
    done = runner.invoke(args=["gold", "evaluate", row.public_id])
    assert "no query has a relevant document" in f"{done.output}{done.exception}"
