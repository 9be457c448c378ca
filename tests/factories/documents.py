"""Small real files, made by the libraries that people's programs use, with whatever is to be found in them."""

import io
import zipfile

from docx import Document
from PIL import Image
from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject


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
