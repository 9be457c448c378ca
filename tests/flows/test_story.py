"""A whole story over HTTP: a need from Chongqing, a result from Teramo, a broker between them."""

from dataclasses import dataclass, field

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from matchmaker.accounts.models import Role
from matchmaker.listings.criteria import CRITERIA
from matchmaker.matching.scoring import RULES
from tests.factories import market as made
from tests.factories.html import Element, parse
from tests.factories.letters import confirmation

COMPANY = {
    "name": "李明",
    "email": "li@company.example",
    "password": "一个只有我知道的长句子呀",
    "organisation": "重庆茶业公司",
    "kind": "enterprise",
    "country": "CN",
}
INSTITUTE = {
    "name": "Anna Rossi",
    "email": "anna@institute.example",
    "password": "una frase lunga e segreta",
    "organisation": "Istituto di prova",
    "kind": "institute",
    "country": "IT",
}
NEED = {
    "lang": "zh",
    "title": "寻找茶叶 traceability 追溯技术",
    "summary": "我们希望用 traceability 技术追溯茶叶从茶园到茶杯的全过程。",
    "description": "目前靠纸质记录，查一批茶需要两天；希望一分钟内查到。blockchain sensor traceability tea",
    "technical_spec": "每批次均有编码，离线可用。",
    "partnerships": ["technical_cooperation"],
    "ipc": "G06Q",
    "nace": "01.27",
    "country": "CN",
    "trl": "6",
    "target_countries": ["IT"],
}
RESULT = {
    "lang": "it",
    "title": "Tracciabilità del tè: traceability con sensor e blockchain",
    "summary": "Un sistema di traceability per il tè, dal campo alla tazza.",
    "description": "Ogni lotto riceve un codice; un sensor registra temperatura e umidità. traceability tea blockchain",
    "advantages": "Una ricerca dura dieci secondi.",
    "stage": "demonstration",
    "ipr_status": "patent_granted",
    "partnerships": ["technical_cooperation"],
    "ipc": "G06Q",
    "nace": "01.27",
    "country": "IT",
    "trl": "7",
}


@dataclass
class Browser:
    """Fills in the forms that it sees and sends everything that a browser would."""

    client: FlaskClient
    lang: str
    # Where the letters are that its owner reads.
    engine: Engine | None = None
    page: Element = field(default_factory=lambda: Element("", {}))
    status: int = 0
    path: str = ""

    def open(self, path: str) -> Element:
        return self._show(self.client.get(path, follow_redirects=True, headers={"Accept-Language": self.lang}))

    def send(self, action: str, button: tuple[str, str] | None = None, **values: object) -> Element:
        """Send the form whose address ends with `action`; an empty one stands for the page's own."""
        form = next(
            form
            for form in self.page.all("form", method="post")
            if (form.get("action") or self.path).split("?")[0].endswith(action)
        )
        data = {**entries(form), **values, **({button[0]: button[1]} if button else {})}
        address = form.get("action") or self.path
        sent = self.client.post(address, data=data, follow_redirects=True, headers={"Accept-Language": self.lang})
        return self._show(sent)

    def _show(self, answer) -> Element:
        self.status, self.path = answer.status_code, answer.request.full_path.rstrip("?")
        self.page = parse(answer.text)
        return self.page


def entries(form: Element) -> dict[str, object]:
    """What the form holds as it stands."""
    found: dict[str, object] = {}
    for entry in form.walk():
        name, kind = entry.get("name"), entry.get("type")
        if entry.tag == "input" and name and kind not in {"checkbox", "radio", "submit"}:
            found[name] = entry.get("value")
        elif entry.tag == "input" and kind in {"checkbox", "radio"} and "checked" in entry.attributes:
            found.setdefault(name, [])
            found[name].append(entry.get("value"))  # type: ignore[attr-defined]
        elif entry.tag == "textarea":
            found[name] = "".join(entry.words()).lstrip("\n")
        elif entry.tag == "select":
            found[name] = [o.get("value") for o in entry.all("option") if "selected" in o.attributes]
    return found


@pytest.fixture
def read_all(app):
    """Let the matcher read what waits, as its worker would."""

    def read() -> None:
        while app.extensions["matchmaker.matcher"].round():
            pass
        app.extensions["matchmaker.matcher"].follow()

    return read


@pytest.fixture
def visit(app, engine):
    app.config["WTF_CSRF_ENABLED"] = True
    yield lambda lang: Browser(app.test_client(), lang, engine)
    app.config["WTF_CSRF_ENABLED"] = False


def register(browser: Browser, who: dict[str, str]) -> None:
    browser.open("/register")
    browser.send("/register", **who)
    assert browser.status == 200
    assert browser.path.startswith("/listings/mine")
    assert browser.page.all("div", class_="mm-confirm")
    assert browser.engine is not None
    browser.open(confirmation(browser.engine, who["email"]))
    browser.send(browser.path)
    assert browser.path.startswith("/listings/mine")
    assert not browser.page.all("div", class_="mm-confirm")


def matches(page: Element) -> list[Element]:
    return page.all("article", class_="mm-match")


def check_score(match: Element) -> int:
    """The shown score is the sum of the shown parts; answers it."""
    shown = match.all("p", class_="mm-score")
    score = int(shown[0].all("strong")[0].text)
    parts = match.all("div", class_="mm-part")
    assert len(parts) == len(RULES)
    values = [float(part.all("meter")[0].get("value")) for part in parts]
    total = sum(value * rule.weight for value, rule in zip(values, RULES, strict=True))
    assert score == pytest.approx(100 * total, abs=0.6)
    return score


MARKS = {criterion.name: "4" for criterion in CRITERIA}

# The rest of the market, which has nothing to do with tea.
OTHERS = ("水泵 轴承", "焊接 机器人", "电池 回收", "望远镜 镜片", "疫苗 冷藏", "隧道 通风")


@pytest.fixture
def market(engine, person):
    """What a match has to stand out from."""
    chinese, italian = person(), person(country="IT")
    for words in OTHERS:
        needed = {"title": f"寻找 {words}", "summary": words, "description": words, "ipc": (), "nace": ()}
        made.publish(engine, chinese, made.NEED, **needed)
        offered = {"title": f"Offerta {words}", "lang": "it", "country": "IT"}
        made.publish(engine, italian, made.RESULT, **{**needed, **offered})


def test_a_need_from_china_and_a_result_from_italy_find_each_other(visit, market, read_all, signed_in):
    company, institute, reader = visit("zh-CN"), visit("it,en;q=0.5"), visit("en")
    broker = Browser(signed_in(Role.BROKER)[0], "en")
    register(company, COMPANY)
    register(institute, INSTITUTE)
    need = write_a_need_with_an_error_first(company)
    return_it(broker, NEED["title"])
    mend_it(company, need)
    result = write_a_result(institute)
    for address in (need, result):
        reader.open(address)
        assert reader.status == 404
    for title in (NEED["title"], RESULT["title"]):
        publish_it(broker, title)
    read_all()
    score = see_each_other(reader, need, result)
    endorse(broker, score)

    # The company withdraws: gone everywhere, at once, without anybody reading anything anew.
    company.open(need)
    company.send("/withdraw")
    assert company.status == 200
    see_nothing_of_the_need(reader, need, result)
    assert not found_on(broker.open("/desk?tab=waiting"))

    # The way back is one button.
    company.open("/listings/mine")
    company.send("/publish")
    assert company.status == 200
    assert NEED["title"] in matches(reader.open(result))[0].text


def write_a_need_with_an_error_first(company: Browser) -> str:
    """Forget something, be told what, correct it, hand it in; answers the page's address."""
    company.open("/listings/new/need")
    forgotten = {**NEED, "technical_spec": "", "ipc": "G06Q, 不存在"}
    page = company.send("/listings/new/need", ("action", "submit"), **forgotten)
    assert company.status == 422
    assert {e.get("id") for e in page.all("div", class_="invalid-feedback")} == {"error-technical_spec", "error-ipc"}
    assert "".join(page.all("textarea", name="summary")[0].words()).strip() == NEED["summary"]
    mended = {name: NEED[name] for name in ("technical_spec", "ipc")}
    page = company.send("/listings/new/need", ("action", "submit"), **mended)
    assert company.status == 200
    assert page.all("h1")[0].text == NEED["title"]
    return company.path


def return_it(broker: Browser, title: str) -> None:
    """Take the listing from the queue and return it with remarks."""
    take_it(broker, title)
    broker.send("/verdict", ("verdict", "return"), **MARKS, remarks="请写明离线时间。")
    assert broker.status == 200
    assert title not in broker.page.text


def publish_it(broker: Browser, title: str) -> None:
    take_it(broker, title)
    broker.send("/verdict", ("verdict", "publish"), **MARKS)
    assert broker.status == 200
    assert title not in broker.page.text


def take_it(broker: Browser, title: str) -> None:
    (row,) = [row for row in broker.open("/quality").all("li") if title in row.text and row.all("form")]
    broker.send(row.all("form", method="post")[0].get("action"))
    assert broker.page.all("h1")[0].text == title


def mend_it(company: Browser, need: str) -> None:
    """Read the remarks on the form, write more, hand it in again."""
    page = company.open(f"{need}/edit")
    assert "请写明离线时间。" in page.text
    company.send("/edit", ("action", "submit"), technical_spec=NEED["technical_spec"] + "离线八小时。")
    assert company.status == 200


def write_a_result(institute: Browser) -> str:
    institute.open("/listings/new/result")
    institute.send("/listings/new/result", ("action", "submit"), **RESULT)
    assert institute.status == 200
    return institute.path


def see_each_other(reader: Browser, need: str, result: str) -> int:
    """Each page shows the other first, with reasons that add up; answers the score on the need's page."""
    match = matches(reader.open(need))[0]
    assert RESULT["title"] in match.text
    score = check_score(match)
    assert {quote.get("lang") for quote in match.all("blockquote")} == {"zh", "it"}
    match = matches(reader.open(result))[0]
    assert NEED["title"] in match.text
    check_score(match)
    # Within one country there is nothing.
    assert matches(reader.open(f"{need}?scope=domestic")) == []
    assert RESULT["title"] in matches(reader.open(f"{need}?scope=everywhere"))[0].text
    return score


def endorse(broker: Browser, score: int) -> None:
    """Find the pair on the desk with the score of the need's page, and endorse it."""
    (row,) = found_on(broker.open("/desk?tab=unassigned"))
    assert row.all("span", class_="mm-row-score")[0].text == str(score)
    page = broker.open(row.all("a", class_="mm-row-ends")[0].get("href"))
    points = [part.text for part in page.all("span", class_="mm-part-points")]
    assert sum(int(text.split()[0]) for text in points) == score
    broker.send("/endorse")
    assert broker.status == 200
    assert not found_on(broker.open("/desk?tab=unassigned"))
    assert found_on(broker.open("/desk?tab=waiting"))


def found_on(desk: Element) -> list[Element]:
    """The rows with the need and the result."""
    rows = desk.all("li", class_="mm-row")
    return [row for row in rows if NEED["title"] in row.text and RESULT["title"] in row.text]


def see_nothing_of_the_need(reader: Browser, need: str, result: str) -> None:
    assert NEED["title"] not in reader.open(result).text
    reader.open(need)
    assert reader.status == 404
    for path in ("/", "/search", "/search?q=traceability", "/search?q=茶叶"):
        assert NEED["title"] not in reader.open(path).text


def test_what_was_typed_survives_a_second_window(visit):
    company = visit("zh")
    register(company, COMPANY)
    company.open("/listings/new/need")
    company.send("/listings/new/need", ("action", "draft"), lang="zh", title="第一个标题")
    address = company.path
    other = Browser(company.client, "zh")
    other.open(address)
    company.send("/edit", ("action", "draft"), title="先保存的标题")
    page = other.send("/edit", ("action", "draft"), title="后写的标题", summary="不能丢的话")
    assert other.status == 409
    assert page.all("input", name="title")[0].get("value") == "后写的标题"
    assert "".join(page.all("textarea", name="summary")[0].words()).strip() == "不能丢的话"
    assert "先保存的标题" in page.text
    page = other.send("/edit", ("action", "draft"))
    assert other.status == 200
    assert page.all("input", name="title")[0].get("value") == "后写的标题"
