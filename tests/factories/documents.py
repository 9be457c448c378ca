"""Small real files, made by the libraries that people's programs use, with whatever is to be found in them."""

import io
import zipfile

from docx import Document
from PIL import Image
from pypdf import PdfWriter
from pypdf.generic import (
    ArrayObject,
    DecodedStreamObject,
    DictionaryObject,
    NameObject,
    NumberObject,
    StreamObject,
    TextStringObject,
)

RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
TEMPLATE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/attachedTemplate"


def pdf(text: str = "Borehole trajectory", author: str = "") -> bytes:
    """One page that says `text` (Latin letters), by `author`."""
    writer = PdfWriter()
    page = writer.add_blank_page(width=300, height=200)
    font = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Font"),
            NameObject("/Subtype"): NameObject("/Type1"),
            NameObject("/BaseFont"): NameObject("/Helvetica"),
        }
    )
    page[NameObject("/Resources")] = DictionaryObject(
        {NameObject("/Font"): DictionaryObject({NameObject("/F1"): writer._add_object(font)})}
    )
    content = DecodedStreamObject()
    content.set_data(f"BT /F1 12 Tf 20 100 Td ({text}) Tj ET".encode("latin-1"))
    page[NameObject("/Contents")] = writer._add_object(content)
    if author:
        writer.add_metadata({"/Author": author, "/Title": author})
    target = io.BytesIO()
    writer.write(target)
    return target.getvalue()


def docx(text: str = "钻孔轨迹", author: str = "") -> bytes:
    """A Word document with a paragraph and a table that say `text`, by `author`."""
    document = Document()
    document.core_properties.author = document.core_properties.last_modified_by = author
    document.add_paragraph(text)
    document.add_table(1, 1).rows[0].cells[0].text = f"{text} 2"
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


def jpeg(camera: str = "") -> bytes:
    """A red picture, taken with `camera` at a place."""
    image = Image.new("RGB", (40, 20), "red")
    exif = Image.Exif()
    if camera:
        exif[0x010F] = camera
        exif[0x013B] = camera
    target = io.BytesIO()
    image.save(target, "JPEG", exif=exif)
    return target.getvalue()


def png() -> bytes:
    target = io.BytesIO()
    Image.new("RGBA", (8, 8), (0, 0, 255, 128)).save(target, "PNG")
    return target.getvalue()


def bomb(megabytes: int = 300) -> bytes:
    """A Word document of which one part unpacks to so many megabytes of nothing."""
    target = io.BytesIO(docx())
    with zipfile.ZipFile(target, "a", zipfile.ZIP_DEFLATED) as archive, archive.open("word/media.bin", "w") as part:
        for _ in range(megabytes):
            part.write(bytes(1 << 20))
    return target.getvalue()


def commented_pdf(secret: str) -> bytes:
    """A page with a photograph, a comment and an attached file; everything that names somebody names `secret`."""
    writer = PdfWriter(clone_from=io.BytesIO(pdf()))
    page = writer.pages[0]
    comment = {"/Type": NameObject("/Annot"), "/Subtype": NameObject("/Text"), "/T": TextStringObject(secret)}
    place = {"/Rect": ArrayObject([NumberObject(9)] * 4), "/Contents": TextStringObject("Steeper here")}
    words = DecodedStreamObject()
    words.set_data(f"<x:xmpmeta>{secret}</x:xmpmeta>".encode())
    photograph = StreamObject()
    photograph._data = jpeg(camera=secret)
    photograph.update({NameObject("/Subtype"): NameObject("/Image"), NameObject("/Filter"): NameObject("/DCTDecode")})
    drawn = DictionaryObject({NameObject("/Im1"): writer._add_object(photograph)})
    page[NameObject("/Annots")] = ArrayObject(
        [DictionaryObject({NameObject(name): value for name, value in {**comment, **place}.items()})]
    )
    page[NameObject("/Metadata")] = writer._add_object(words)
    page[NameObject("/Resources")][NameObject("/XObject")] = drawn
    writer.add_attachment(f"{secret}.txt", secret.encode())
    target = io.BytesIO()
    writer.write(target)
    return target.getvalue()


def commented_docx(secret: str) -> bytes:
    """A Word document as several people's programs leave it, who are all called `secret`."""
    source, target = io.BytesIO(docx()), io.BytesIO()
    more = {
        "word/people.xml": f'<w15:people><w15:person w15:author="{secret}"/></w15:people>',
        "word/comments.xml": f"<w:comments><w:comment w:author='{secret}' w:id='0'/></w:comments>",
        "word/commentsExtended.xml": f'<x><w15:commentEx w15:author="{secret}"/></x>',
        "word/_rels/settings.xml.rels": f'<Relationships xmlns="{RELATIONS}"><Relationship Id="r1"'
        f' Type="{TEMPLATE}" Target="file:///C:\\{secret}\\t.dotm" TargetMode="External"/></Relationships>',
        "customXml/item9.xml": f"<company>{secret}</company>",
        "word/media/image9.jpeg": jpeg(camera=secret),
    }
    with zipfile.ZipFile(source) as before, zipfile.ZipFile(target, "w") as after:
        for part in before.infolist():
            after.writestr(part.filename, before.read(part))
        for name, contents in more.items():
            after.writestr(name, contents)
    return target.getvalue()
