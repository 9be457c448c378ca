"""A log tells where an error came from, and none of the words that it carries."""

from matchmaker.core.traces import places


def fail(words: str) -> None:
    try:
        int(words)
    except ValueError as error:
        raise LookupError(words) from error


def test_every_cause_is_told_with_its_lines_and_without_its_words():
    try:
        fail("a secret")
    except LookupError as error:
        told = places(error)
    assert "a secret" not in told.replace('fail("a secret")', "")
    assert told.index("builtins.ValueError") < told.index("builtins.LookupError")
    assert "int(words)" in told


def test_what_was_raised_meanwhile_is_a_cause_unless_it_is_put_aside():
    def chain(*, aside: bool) -> str:
        try:
            try:
                raise KeyError("inner")
            except KeyError:
                if aside:
                    raise OSError("outer") from None
                raise OSError("outer")  # noqa: B904 - what Python keeps as context is what is tested
        except OSError as error:
            return places(error)

    assert "KeyError" in chain(aside=False)
    assert "builtins.KeyError" not in chain(aside=True)


def test_an_error_that_is_its_own_cause_comes_to_an_end():
    error = ValueError("loop")
    error.__context__ = other = KeyError("loop")
    other.__context__ = error
    assert places(error).count("builtins.") == 2
