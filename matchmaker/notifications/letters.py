"""Letters: rendered in the receiver's language and put into the outbox, in the transaction of what they tell."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from flask import Flask, render_template
from markupsafe import Markup

from matchmaker.accounts.models import Person
from matchmaker.core.text import clean_line, shorten
from matchmaker.db.uow import UnitOfWork
from matchmaker.i18n.locales import languages, speaking
from matchmaker.notifications.models import Letter
from matchmaker.notifications.zones import zone_of

# Mail programs show sixty characters or so; the column takes 256.
LONGEST_SUBJECT = 200


def post(uow: UnitOfWork, to: Person | str, kind: str, lang: str, values: Mapping[str, object]) -> Letter:
    """Put a letter to a person or a plain address into the outbox; it leaves once the transaction is committed.

    `kind` is a folder of templates/emails, `lang` the language ("" for the person's own), `values` what the templates
    name; `values["unsubscribe"]` is where a letter of news is cancelled. Needs an application context.
    """
    person = to if isinstance(to, Person) else None
    lang = lang or (person.lang if person else "")
    lang = lang if lang in languages() else "en"
    with speaking(lang, zone_of(uow.session, person) if person else "UTC"):
        subject = shorten(clean_line(render_template(f"emails/{kind}/subject.txt", **values)), LONGEST_SUBJECT)
        text = render_template(f"emails/{kind}/body.txt", subject=subject, **values)
        html = render_template(f"emails/{kind}/body.html", subject=subject, **values)
    letter = Letter(
        person_id=person.id if person else None,
        address=person.email if person else str(to),
        lang=lang,
        kind=kind,
        subject=subject,
        text=text.strip() + "\n",
        html=html.strip() + "\n",
        unsubscribe=str(values.get("unsubscribe", "")),
    )
    uow.session.add(letter)
    return letter


@cache
def _styles(sheet: Path) -> Markup:
    # Mail programs load no file, so a letter carries its styles; the sheet is ours and holds no markup.
    return Markup(f"<style>\n{sheet.read_text(encoding='utf-8')}</style>")  # noqa: S704


def init_app(app: Flask) -> None:
    sheet = Path(app.static_folder or "static") / "css" / "letter.css"
    app.jinja_env.globals["letter_styles"] = lambda: _styles(sheet)
