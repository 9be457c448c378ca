"""A file is what its bytes say, is cleaned of names, and is kept under a name that says nothing."""

import io
import os
import zipfile
from dataclasses import replace

import pytest
from docx import Document
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from pypdf import PdfReader

from matchmaker.core.errors import Invalid, Unavailable
from matchmaker.db.uow import unit_of_work
from matchmaker.files import service
from matchmaker.files.kinds import KINDS
from matchmaker.files.models import Scan, StoredFile
from matchmaker.files.service import Upload, receive, store, tidy_name
from matchmaker.files.tasks import LEFT_ALONE_SECONDS, sweep
from matchmaker.files.traces import picture
from tests.factories import documents as made

SECRET = "Zhenwu Ridge Mining"


def taken(settings, name, contents, **options):
    return receive(settings, Upload(name, io.BytesIO(contents)), **options)


def kept(settings, received) -> bytes:
    return (settings.files / received.place).read_bytes()


def refusal(settings, name, contents) -> str:
    with pytest.raises(Invalid) as refused:
        taken(settings, name, contents)
    assert [path for path in settings.files.glob("**/*") if path.is_file()] == []
    return refused.value.problems["file"]


def test_a_pdf_is_read_and_loses_its_author(settings):
    received = taken(settings, "plan.pdf", made.pdf("Borehole trajectory 5 cm", author=SECRET))
    assert "Borehole trajectory 5 cm" in received.text
    contents = kept(settings, received)
    assert SECRET.encode() not in contents
    assert "Borehole" in PdfReader(io.BytesIO(contents)).pages[0].extract_text()


def test_a_word_document_is_read_and_loses_its_author(settings):
    received = taken(settings, "方案.docx", made.docx("钻孔轨迹", author=SECRET))
    assert received.text.split("\n") == ["钻孔轨迹", "钻孔轨迹 2"]
    with zipfile.ZipFile(io.BytesIO(kept(settings, received))) as archive:
        assert all(SECRET.encode() not in archive.read(name) for name in archive.namelist())
    assert Document(io.BytesIO(kept(settings, received))).paragraphs[0].text == "钻孔轨迹"


def test_comments_attached_files_and_pictures_of_a_pdf_name_nobody(settings):
    contents = kept(settings, taken(settings, "plan.pdf", made.commented_pdf("ZhenwuRidge")))
    assert b"ZhenwuRidge" not in contents
    page = PdfReader(io.BytesIO(contents)).pages[0]
    assert page["/Annots"][0]["/Contents"] == "Steeper here"
    assert Image.open(io.BytesIO(page["/Resources"]["/XObject"]["/Im1"]._data)).size == (40, 20)


def test_comments_templates_and_pictures_of_a_word_document_name_nobody(settings):
    contents = kept(settings, taken(settings, "plan.docx", made.commented_docx("ZhenwuRidge")))
    with zipfile.ZipFile(io.BytesIO(contents)) as archive:
        assert [name for name in archive.namelist() if b"ZhenwuRidge" in archive.read(name)] == []
        assert Image.open(io.BytesIO(archive.read("word/media/image9.jpeg"))).size == (40, 20)


def test_a_png_within_a_document_loses_its_words():
    target, words = io.BytesIO(), PngInfo()
    words.add_text("Author", SECRET)
    Image.new("RGB", (3, 2), "blue").save(target, "PNG", pnginfo=words)
    assert SECRET.encode() in target.getvalue()
    bare = picture(target.getvalue())
    assert SECRET.encode() not in bare
    assert Image.open(io.BytesIO(bare)).getpixel((0, 0)) == (0, 0, 255)


def test_a_photograph_loses_its_camera_and_keeps_its_pixels(settings):
    received = taken(settings, "rig.JPG", made.jpeg(camera=SECRET))
    assert SECRET.encode() not in kept(settings, received)
    image = Image.open(io.BytesIO(kept(settings, received)))
    assert image.size == (40, 20)
    assert not image.getexif()
    assert (received.text, received.name) == ("", "rig.jpg"[:3] + ".jpg")


def test_a_transparent_image_stays_transparent(settings):
    received = taken(settings, "sketch.png", made.png())
    assert Image.open(io.BytesIO(kept(settings, received))).getpixel((0, 0)) == (0, 0, 255, 128)


def test_a_signed_document_is_kept_as_it_came(settings):
    contents = made.pdf(author="Notary")
    assert kept(settings, taken(settings, "nda.pdf", contents, clean=False)) == contents


def test_a_file_lies_under_a_name_that_says_nothing_and_nobody_else_may_open(settings):
    received = taken(settings, f"{SECRET}.pdf", made.pdf())
    names = " ".join(str(path) for path in settings.files.glob("**/*"))
    assert "Zhenwu" not in names
    assert "pdf" not in names
    assert os.stat(settings.files).st_mode & 0o077 == 0
    assert received.name == f"{SECRET}.pdf"


@pytest.mark.parametrize(
    ("name", "contents", "said"),
    [
        ("empty.pdf", b"", "file_empty"),
        ("page.html", b"<html><script>alert(1)</script>", "file_kind"),
        ("program.pdf", b"MZ\x90\x00" + bytes(100), "file_kind"),
        ("photo.jpg", made.pdf(), "file_lies"),
        ("letter.pdf", made.docx(), "file_lies"),
        ("picture.exe", made.png(), "file_lies"),
        ("broken.pdf", b"%PDF-1.7\n" + bytes(200), "file_damaged"),
        ("broken.png", made.png()[:40], "file_damaged"),
        ("archive.docx", b"PK\x03\x04" + bytes(100), "file_kind"),
        ("bomb.docx", made.bomb(), "file_bomb"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_honest_document_is_refused_and_leaves_nothing_behind(settings, name, contents, said):
    assert refusal(settings, name, contents) == said


def test_a_picture_that_unpacks_to_a_wall_is_refused(settings):
    target = io.BytesIO()
    Image.new("1", (30_000, 30_000)).save(target, "PNG")
    assert refusal(settings, "wall.png", target.getvalue()) == "file_damaged"


def test_a_file_that_goes_on_for_ever_is_refused_in_time(settings):
    class Endless(io.RawIOBase):
        given = 0

        def read(self, size=-1):
            Endless.given += size
            return b"%PDF-".ljust(size, b"\0")[:size]

    with pytest.raises(Invalid, match="too_large"):
        receive(settings, Upload("long.pdf", Endless()))
    assert Endless.given <= 21 << 20


@pytest.mark.parametrize(
    ("given", "tidy"),
    [
        ("..\\..\\etc\\passwd", "passwd.pdf"),
        ("/tmp/../secret.PDF", "secret.pdf"),
        ("a\u202efdp.exe.pdf", "afdp.exe.pdf"),
        ("\x00\n .pdf", "pdf.pdf"),
        ("报告" * 300 + ".pdf", "报告" * 100 + ".pdf"),
        ("تقرير.pdf", "تقرير.pdf"),
    ],
)
def test_a_name_has_no_folder_no_control_and_an_end(given, tidy):
    assert tidy_name(given, KINDS[0]) == tidy


@pytest.mark.parametrize(("code", "expected"), [(0, Scan.CLEAN), (1, Invalid), (2, Unavailable)])
def test_the_scanner_decides(settings, tmp_path, code, expected):
    scanner = tmp_path / "scan.sh"
    scanner.write_text(f'#!/bin/sh\ntest -s "$1" || exit 9\nexit {code}\n')
    scanner.chmod(0o755)
    guarded = replace(settings, scanner=f"{scanner}")
    if isinstance(expected, Scan):
        assert taken(guarded, "plan.pdf", made.pdf()).scan is expected
    else:
        with pytest.raises(expected):
            taken(guarded, "plan.pdf", made.pdf())


def test_a_scanner_that_is_not_there_lets_nothing_in(settings):
    with pytest.raises(Unavailable):
        taken(replace(settings, scanner="no-such-scanner"), "plan.pdf", made.pdf())


def test_without_a_scanner_the_row_says_so(settings):
    assert taken(settings, "plan.pdf", made.pdf()).scan is Scan.UNSCANNED


def test_a_dropped_file_goes_when_that_is_durable(settings, engine, person):
    actor = person()
    received = taken(settings, "plan.pdf", made.pdf())
    with unit_of_work(engine) as uow:
        stored = store(uow, received, actor=actor)
    path = service.path_of(settings, stored)
    with pytest.raises(RuntimeError), unit_of_work(engine) as uow:  # noqa: PT012  (all of it is one transaction)
        service.drop(uow, settings, uow.session.get(StoredFile, stored.id), actor=actor)
        raise RuntimeError("power cut")
    assert path.exists()
    with unit_of_work(engine) as uow:
        service.drop(uow, settings, uow.session.get(StoredFile, stored.id), actor=actor)
    assert not path.exists()


def test_the_sweep_takes_only_old_files_without_a_row(settings, engine, person):
    actor = person()
    with unit_of_work(engine) as uow:
        stored = store(uow, taken(settings, "a.pdf", made.pdf()), actor=actor)
    orphan = settings.files / taken(settings, "b.pdf", made.pdf()).place
    now = orphan.stat().st_mtime
    sweep(settings.files, engine, now + LEFT_ALONE_SECONDS - 1)
    assert orphan.exists()
    sweep(settings.files, engine, now + LEFT_ALONE_SECONDS + 60)
    assert not orphan.exists()
    assert service.path_of(settings, stored).exists()
