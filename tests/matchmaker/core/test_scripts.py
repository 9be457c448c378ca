"""A text's script is told from its letters, and each language knows the scripts it is written in."""

import pytest

from matchmaker.core.languages import LISTING_LANGUAGES
from matchmaker.core.scripts import dominant_script, foreign_script, script_name, scripts_of

SERBIAN_CYRILLIC = "Тражимо робота за бушење у подземним рудницима."
SERBIAN_LATIN = "Tražimo robota za bušenje u podzemnim rudnicima."
CHINESE = "高瓦斯矿井希望引进可自动定位、自动换杆的钻孔机器人及随钻测量技术。"
JAPANESE = "地下鉱山向けの自動穿孔ロボットを探しています。よろしくお願いします。"
KOREAN = "지하 광산용 자동 천공 로봇을 찾고 있습니다. 연락 주시기 바랍니다."
ARABIC = "نبحث عن روبوت حفر ذاتي للمناجم العميقة"
ENGLISH = "We look for a drilling robot for deep mines."


@pytest.mark.parametrize(
    ("text", "script"),
    [
        (SERBIAN_CYRILLIC, "Cyrl"),
        (SERBIAN_LATIN, "Latn"),
        (CHINESE, "Hani"),
        (KOREAN, "Hang"),
        (ARABIC, "Arab"),
        (ENGLISH, "Latn"),
        ("12345 --- 67890 !!! 12345 67890 (+86)", None),
        ("Drilling robot", None),
        (ENGLISH + SERBIAN_CYRILLIC, None),
        ("", None),
    ],
)
def test_most_of_the_letters_decide(text, script):
    assert dominant_script(text) == script


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        (SERBIAN_CYRILLIC, "sr"), (SERBIAN_LATIN, "sr"), (SERBIAN_CYRILLIC, "bs"), (SERBIAN_LATIN, "bs"),
        (SERBIAN_CYRILLIC, "uz"), (SERBIAN_LATIN, "uz"), (SERBIAN_LATIN, "kk"), (SERBIAN_LATIN, "az"),
        (CHINESE, "zh"), (CHINESE, "ja"), (JAPANESE, "ja"), (KOREAN, "ko"), (ARABIC, "fa"), (ARABIC, "pa"),
        (ENGLISH, "it"), (SERBIAN_CYRILLIC, "mn"), (CHINESE, "und"), (CHINESE, "sa"), (ENGLISH, "xx"),
        ("采用PLC与SCADA控制的SMT生产线，支持OPC UA协议和MES系统集成。", "zh"),
    ],
)  # fmt: skip
def test_a_language_may_be_written_in_each_of_its_scripts(text, lang):
    assert foreign_script(text, lang) is None


@pytest.mark.parametrize(
    ("text", "lang", "script"),
    [
        (SERBIAN_CYRILLIC, "en", "Cyrl"),
        (CHINESE, "en", "Hani"),
        (ENGLISH, "zh", "Latn"),
        (ENGLISH, "ru", "Latn"),
        (ENGLISH, "ar", "Latn"),
        (KOREAN, "ja", "Hang"),
        (ARABIC, "he", "Arab"),
    ],
)
def test_a_text_in_a_script_that_its_language_does_not_use_is_noticed(text, lang, script):
    assert foreign_script(text, lang) == script


def test_nearly_every_language_has_its_scripts():
    without = [lang for lang in LISTING_LANGUAGES if not scripts_of(lang)]
    assert set(without) <= {"pi", "sa", "tw"}


def test_a_script_is_named_in_the_readers_language():
    assert script_name("Cyrl", "en") == "Cyrillic"
    assert script_name("Hani", "zh") == "汉字"
    assert script_name("Zzxx", "en") == "Zzxx"
