"""The whole way in a browser, in both languages: two newcomers, two listings, a broker, two answers, a conversation."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlmodel import Session, col, select

from matchmaker.accounts.models import Role
from matchmaker.notifications.models import Letter

pytestmark = pytest.mark.browser

PASSWORD = "a sentence that only we know"


@dataclass(frozen=True)
class Words:
    """What the portal says at the turning points, in one of its languages."""

    lang: str
    locale: str
    confirmed: str
    submitted: str
    published: str
    nobody: str
    together: str


ENGLISH = Words("en", "en-GB", "confirmed", "Handed in", "Published", "An enterprise", "Introduc")
CHINESE = Words("zh", "zh-CN", "已确认", "已提交", "已发布", "企业", "引荐")

NEED = {
    "lang": "zh",
    "title": "煤矿井下自动钻孔机器人 drilling robot borehole",
    "summary": "高瓦斯矿井希望引进可自动定位、自动换杆的钻孔机器人 drilling robot borehole。",
    "description": "现有钻机每班需五人，希望引进远程操作的钻孔机器人 drilling robot borehole trajectory sensor。",
    "technical_spec": "防爆型式满足煤矿井下要求，定位误差小于5厘米。",
}
RESULT = {
    "lang": "sr",
    "title": "Robot za bušenje drilling robot borehole u rudniku",
    "summary": "Robot sam cilja bušotinu i menja šipke: drilling robot borehole.",
    "description": "Senzori mere putanju tokom bušenja: drilling robot borehole trajectory sensor, greška ispod 5 cm.",
    "advantages": "Dva radnika umesto pet; 40 % brže od ručnog bušenja.",
}
SECRET_NAME = "Zhenwu Ridge Mining 岩雾岭"
SEALED = "密封内容：工作面编号 4407，三年停产两次。"


class Visitor:
    """Somebody with a browser of their own who reads the portal in one language."""

    def __init__(self, page: Page, words: Words) -> None:
        self.page, self.words = page, words

    def open(self, path: str) -> None:
        self.page.goto(path)

    def press(self, selector: str) -> None:
        self.page.locator(selector).first.click()

    def reads(self, text: str) -> None:
        expect(self.page.locator("body")).to_contain_text(text)

    def fill(self, values: dict[str, str]) -> None:
        for name, value in values.items():
            field = self.page.locator(f"main [name={name}]").first
            if field.evaluate("element => element.tagName") == "SELECT":
                field.select_option(value)
            else:
                field.fill(value)


@pytest.fixture
def enter(chromium: Browser, address: str) -> Iterator[Callable[[Words], Visitor]]:
    """Open a fresh browser in a language."""
    contexts, problems = [], []

    def visit(words: Words) -> Visitor:
        context = chromium.new_context(base_url=address, locale=words.locale, viewport={"width": 1280, "height": 900})
        context.set_default_timeout(15_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("dialog", lambda dialog: dialog.accept())
        return Visitor(page, words)

    yield visit
    for context in contexts:
        context.close()
    assert problems == []


@pytest.fixture
def as_broker(enter, signed_in, address) -> Callable[[Words], Visitor]:
    """A broker of the platform, whose account an administrator has made."""

    def visit(words: Words) -> Visitor:
        broker, cookie = enter(words), signed_in(Role.BROKER)[0].get_cookie("session").value
        broker.page.context.add_cookies([{"name": "session", "value": cookie, "url": address}])
        return broker

    return visit


@pytest.fixture
def letter(engine) -> Callable[[str], str]:
    """The path of the link in the newest letter to an address."""

    def find(email: str) -> str:
        with Session(engine) as session:
            newest = select(Letter).where(Letter.address == email).order_by(col(Letter.id).desc())
            text = session.exec(newest).first().text
        return re.search(r"https?://[^/\s]+(/confirm/\S+)", text)[1]

    return find


def register(visitor: Visitor, who: dict[str, str], letter: Callable[[str], str]) -> None:
    visitor.open("/register")
    visitor.fill({**who, "password": PASSWORD})
    visitor.press("main form [type=submit]")
    visitor.page.wait_for_url("**/listings/mine*")
    visitor.open(letter(who["email"]))
    visitor.press("main form[action*='/confirm/'] [type=submit]")
    visitor.reads(visitor.words.confirmed)


def post(visitor: Visitor, direction: str, values: dict[str, str], confidential: dict[str, str] | None = None) -> str:
    """Write a listing and hand it in; answers its address."""
    visitor.open(f"/listings/new/{direction}")
    visitor.fill(values)
    visitor.page.locator("main [name=partnerships]").first.check()
    for name, value in (confidential or {}).items():
        field = visitor.page.locator(f"main [name={name}]")
        field.check() if name == "anonymous" else field.fill(value)
    visitor.press("main button[name=action][value=submit]")
    visitor.page.wait_for_url(re.compile("/listings/[0-9a-z]{10}$"))
    visitor.reads(visitor.words.submitted)
    return visitor.page.url


def approve(broker: Visitor, address: str) -> None:
    """Take a listing in the queue and publish it."""
    broker.open(f"/quality/{address.rsplit('/', 1)[1]}")
    broker.press("form[action$='/take'] [type=submit]")
    for name in ("clarity", "substance", "credibility", "partnership"):
        broker.page.locator(f"input[name={name}][value='4']").check()
    publish = broker.page.locator("button[name=verdict][value=publish]")
    broker.page.locator("details", has=publish).locator("summary").click()
    publish.click()
    broker.reads(broker.words.published)


def endorse_and_offer(broker: Visitor) -> None:
    """Endorse the first match on the desk, and do not wait for the time to take it back."""
    broker.open("/desk?tab=unassigned")
    pair = broker.page.locator("[data-pair] a[href^='/desk/']").first.get_attribute("href")
    broker.open(pair)
    broker.press("[data-endorse]")
    broker.page.wait_for_load_state()
    broker.open(pair)
    offer = broker.page.locator("form[action*='/offer_now'] [type=submit]")
    broker.page.locator("details", has=offer).locator("summary").click()
    offer.click()
    broker.page.wait_for_load_state()


def say_yes(visitor: Visitor) -> None:
    visitor.open("/matches")
    visitor.press("main a[href^='/matches/']")
    visitor.press("form[action$='/yes'] [type=submit]")
    visitor.page.wait_for_load_state()


@pytest.mark.parametrize("words", [ENGLISH, CHINESE], ids=lambda words: words.lang)
def test_from_two_blank_accounts_to_a_conversation(app, enter, letter, as_broker, words):
    company, institute, broker = enter(words), enter(words), as_broker(words)
    buyer = {"name": "李明", "email": "li@mine.example", "organisation": SECRET_NAME}
    register(company, {**buyer, "kind": "enterprise", "country": "CN"}, letter)
    seller = {"name": "Јована Илић", "email": "jovana@institute.example", "organisation": "Institut za rudarstvo"}
    register(institute, {**seller, "kind": "institute", "country": "RS"}, letter)

    need = post(company, "need", NEED, {"anonymous": "1", "sealed": SEALED})
    facts = {"stage": "prototype", "ipr_status": "patent_granted"}
    result = post(institute, "result", {**RESULT, **facts})
    for listing in (need, result):
        approve(broker, listing)
    matcher = app.extensions["matchmaker.matcher"]
    while matcher.round():
        pass
    matcher.follow()

    institute.open(need)
    institute.reads(words.nobody)
    expect(institute.page.locator("body")).not_to_contain_text(SECRET_NAME)
    expect(institute.page.locator("body")).not_to_contain_text("4407")

    endorse_and_offer(broker)
    say_yes(company)
    say_yes(institute)

    company.open("/introductions")
    company.press("main a[href^='/introductions/']")
    company.reads("Institut za rudarstvo")
    company.page.locator("#write textarea[name=text]").fill("您好！希望下周视频会议。")
    company.press("#write [type=submit]")
    institute.open("/introductions")
    institute.press("main a[href^='/introductions/']")
    institute.reads(SECRET_NAME)
    institute.reads("您好！希望下周视频会议。")
    institute.open(need)
    institute.reads(SECRET_NAME)
    institute.reads("4407")
