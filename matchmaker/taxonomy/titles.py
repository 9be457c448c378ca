"""What a code of any vocabulary is called for a reader, and which codes a form offers."""

from matchmaker.core.countries import countries, country_name, is_country
from matchmaker.core.money import currencies, currency_name
from matchmaker.taxonomy import service
from matchmaker.taxonomy.schemes import SHARED
from matchmaker.taxonomy.vocabulary import VOCABULARIES

COUNTRIES, CURRENCIES = "countries", "Currency"


def title_of(vocabulary: str, code: str, lang: str) -> str:
    """The words for a code in the reader's language; an unknown code is its own title."""
    if vocabulary == COUNTRIES:
        return country_name(code, lang) if is_country(code) else code
    if vocabulary == CURRENCIES:
        return currency_name(code, lang)
    if vocabulary in SHARED:
        return service.label(vocabulary, code, lang)
    member = VOCABULARIES[vocabulary].__members__.values() if vocabulary in VOCABULARIES else ()
    return next((str(value.title) for value in member if value == code), code)


def choices(vocabulary: str, lang: str) -> list[tuple[str, str]]:
    """Every (code, title) of a vocabulary that is short enough to be offered as a whole."""
    if vocabulary == COUNTRIES:
        return list(countries(lang))
    if vocabulary == CURRENCIES:
        return [(code, f"{code} · {name}") for code, name in currencies(lang)]
    if vocabulary in SHARED:
        return [(concept.code, concept.label) for concept in service.options(vocabulary, lang)]
    return [(str(code), str(title)) for code, title in VOCABULARIES[vocabulary].choices()]
