import io
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image, ImageCms

from backline.kernel.storage.content_type import (
    MAX_IMAGE_BYTES,
    ContentType,
    ImageTooLarge,
    NotAnImage,
    check_image,
    sniff,
    sniff_file,
)
from backline.kernel.storage.images import Crop, make_image_renditions


def picture(kind: str, size: tuple[int, int] = (640, 480), **options: object) -> bytes:
    image = Image.new("RGB", size, (200, 30, 30))
    image.paste((30, 30, 200), (0, 0, size[0] // 2, size[1] // 2))
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def png_that_claims(width: int, height: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 100)), (b"IEND", b"")]
    written = [
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(written)


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", ContentType.JPEG),
        (b"RIFF\x24\x00\x00\x00WAVEfmt ", ContentType.WAV),
        (b"RF64\xff\xff\xff\xffWAVEds64", ContentType.WAV),
        (b"RIFF\x24\x00\x00\x00WEBPVP8 ", ContentType.WEBP),
        (b"RIFF\x24\x00\x00\x00AVI LIST", None),
        (b"FORM\x00\x00\x00\x24AIFFCOMM", ContentType.AIFF),
        (b"FORM\x00\x00\x00\x24AIFCFVER", ContentType.AIFF),
        (b"fLaC\x00\x00\x00\x22", ContentType.FLAC),
        (b"OggS\x00\x02\x00\x00", ContentType.OGG),
        (b"\x00\x00\x00\x20ftypM4A \x00\x00", ContentType.M4A),
        (b"\x00\x00\x00\x20ftypisom\x00\x00", ContentType.MP4),
        (b"\x00\x00\x00\x1cftypavif\x00\x00", ContentType.AVIF),
        (b"ID3\x04\x00\x00\x00\x00\x00\x00", ContentType.MP3),
        (b"\xff\xfb\x90\x64\x00\x00", ContentType.MP3),
        (b"\xff\xf3\x48\xc4\x00\x00", ContentType.MP3),
        (b"\xff\xf1\x50\x80\x00\x00", ContentType.AAC),
        (b"\xff\xfb\xf0\x64\x00\x00", None),
        (b"\xff\xfeh\x00e\x00", None),
        (b"PK\x03\x04\x14\x00", ContentType.ZIP),
        (b"\x1a\x45\xdf\xa3\x01\x00", ContentType.MATROSKA),
        (b"\x7fELF\x02\x01\x01", None),
        (b"MZ\x90\x00\x03", None),
        (b"<svg xmlns='http://www.w3.org/2000/svg'>", None),
        (b"%PDF-1.7", None),
        (b"", None),
        (b"\xff", None),
    ],
)
def test_the_first_bytes_tell_the_family(head: bytes, kind: ContentType | None) -> None:
    assert sniff(head) is kind


def test_the_name_of_a_file_is_not_asked(tmp_path: Path) -> None:
    path = tmp_path / "song.mp3"
    path.write_bytes(b"MZ\x90\x00" + b"\0" * 1000)

    assert sniff_file(path) is None


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "GIF"])
def test_each_kind_of_image_is_believed(kind: str) -> None:
    facts = check_image(picture(kind))

    assert facts.content_type is ContentType[kind]
    assert facts.content_type.is_image
    assert (facts.width_px, facts.height_px) == (640, 480)
    assert sniff(picture(kind)) is ContentType[kind]


@pytest.mark.parametrize(
    "data",
    [b"", b"GIF89a", b"\xff\xd8\xff\xe0", b"<svg/>", picture("PNG")[:200], picture("BMP"), picture("TIFF")],
)
def test_what_is_not_a_whole_image_is_refused(data: bytes) -> None:
    with pytest.raises(NotAnImage):
        check_image(data)


@pytest.mark.parametrize("size", [(100_000, 100_000), (16_385, 10), (8_000, 7_000), (12_000, 12_000)])
def test_an_image_that_unfolds_too_far_is_refused_before_it_is_decoded(size: tuple[int, int]) -> None:
    with pytest.raises(ImageTooLarge):
        check_image(png_that_claims(*size))
    with pytest.raises(ImageTooLarge):
        make_image_renditions(png_that_claims(*size))


def test_an_image_of_too_many_bytes_is_refused() -> None:
    with pytest.raises(ImageTooLarge):
        check_image(picture("PNG") + b"\0" * MAX_IMAGE_BYTES)


def test_renditions_are_square_webp_of_every_size_and_never_larger_than_the_original() -> None:
    made = make_image_renditions(picture("JPEG", (800, 700)))

    assert [(one.size_px, one.width_px, one.height_px) for one in made] == [
        (96, 96, 96),
        (300, 300, 300),
        (600, 600, 600),
        (1200, 700, 700),
    ]
    for one in made:
        facts = check_image(one.data)
        assert facts.content_type is ContentType.WEBP
        assert (facts.width_px, facts.height_px) == (one.width_px, one.height_px)


def test_a_whole_picture_keeps_its_shape(tmp_path: Path) -> None:
    path = tmp_path / "cover"
    path.write_bytes(picture("PNG", (2400, 1200)))

    made = make_image_renditions(path, crop=Crop.WHOLE, sizes_px=(600,))

    assert [(one.width_px, one.height_px) for one in made] == [(600, 300)]


def test_metadata_is_gone_and_the_orientation_is_applied() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turn a quarter to the right to be upright
    exif[0x010F] = "a camera's maker"
    sent = picture("JPEG", (400, 200), exif=exif.tobytes(), comment=b"where I live")

    made = make_image_renditions(sent, crop=Crop.WHOLE, sizes_px=(1200,))[0]

    assert (made.width_px, made.height_px) == (200, 400)
    assert b"camera" not in made.data
    with Image.open(io.BytesIO(made.data)) as shown:
        assert len(shown.getexif()) == 0
        assert "icc_profile" not in shown.info
        blue_corner = shown.convert("RGB").getpixel((190, 10))
    assert isinstance(blue_corner, tuple)
    assert blue_corner[2] > 150 > blue_corner[0]


def test_colours_with_a_profile_become_srgb_and_a_broken_profile_is_ignored() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()

    for sent in (picture("PNG", icc_profile=profile), picture("PNG", icc_profile=b"nonsense")):
        made = make_image_renditions(sent, sizes_px=(96,))[0]
        with Image.open(io.BytesIO(made.data)) as shown:
            pixel = shown.convert("RGB").getpixel((90, 90))
        assert isinstance(pixel, tuple)
        assert all(abs(got - want) < 12 for got, want in zip(pixel, (200, 30, 30), strict=True))


def test_transparency_is_kept() -> None:
    buffer = io.BytesIO()
    Image.new("RGBA", (100, 100), (0, 0, 0, 0)).save(buffer, "PNG")

    made = make_image_renditions(buffer.getvalue(), sizes_px=(96,))[0]

    with Image.open(io.BytesIO(made.data)) as shown:
        assert shown.mode == "RGBA"


def test_a_picture_that_breaks_off_is_refused() -> None:
    with pytest.raises(NotAnImage):
        make_image_renditions(picture("PNG", (1000, 1000))[:-200])
