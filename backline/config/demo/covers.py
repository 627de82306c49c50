"""Covers and avatars, drawn by rules: each artist has a hand, each track its own page in it.

Sólveig's are ridges of sound under a pale disc, Kombi Club's are tiles of quarter circles, Χάρτινη Άρκτος
folds paper into facets with the Bear's seven stars upon them. No text is drawn, so no font decides how a
cover looks. Drawing happens at twice the size and is reduced, which smooths every edge.
"""

import io
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw

from backline.config.demo.scene import ArtStyle, DemoArtist, DemoTrack

COVER_SIZE = 1400
"""Side of a cover in pixels."""

AVATAR_SIZE = 640
"""Side of an avatar in pixels."""

Colour = tuple[int, int, int]
Palette = tuple[Colour, ...]

_OVERSAMPLE = 2

_PALETTES: dict[ArtStyle, tuple[Palette, ...]] = {
    ArtStyle.RIDGES: (
        ((16, 24, 38), (214, 226, 214), (96, 168, 152), (34, 52, 74)),
        ((22, 20, 40), (226, 218, 208), (150, 132, 190), (44, 42, 78)),
        ((12, 34, 40), (222, 230, 222), (232, 160, 110), (24, 62, 70)),
        ((234, 230, 218), (26, 34, 50), (70, 120, 140), (206, 206, 196)),
    ),
    ArtStyle.TILES: (
        ((238, 226, 200), (214, 74, 44), (26, 60, 110), (240, 170, 60)),
        ((30, 28, 40), (242, 110, 80), (250, 206, 110), (60, 150, 150)),
        ((226, 90, 110), (36, 26, 60), (250, 224, 190), (250, 160, 80)),
        ((40, 120, 120), (250, 236, 208), (240, 120, 70), (24, 50, 70)),
    ),
    ArtStyle.FOLDS: (
        ((242, 236, 222), (176, 58, 54), (40, 50, 60), (222, 206, 176)),
        ((38, 50, 78), (240, 230, 206), (230, 180, 90), (60, 78, 112)),
        ((226, 232, 226), (46, 92, 80), (196, 90, 60), (188, 204, 192)),
        ((248, 226, 190), (60, 44, 70), (206, 96, 70), (236, 200, 150)),
    ),
}

_BEAR_STARS = (
    (0.14, 0.30),
    (0.31, 0.25),
    (0.42, 0.36),
    (0.55, 0.45),
    (0.60, 0.62),
    (0.82, 0.66),
    (0.84, 0.46),
)
_BEAR_LINES = ((0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (5, 6), (6, 3))


def draw_track_cover(track: DemoTrack) -> bytes:
    """The cover of a track: JPEG, `COVER_SIZE` square."""
    artist = track.artist
    return _finish(_draw(artist.art, artist.art_seed * 100 + track.number, COVER_SIZE, track.number - 1))


def draw_world_cover(artist: DemoArtist) -> bytes:
    """The cover of an artist's world: JPEG, `COVER_SIZE` square."""
    return _finish(_draw(artist.art, artist.art_seed * 100, COVER_SIZE, 0))


def draw_avatar(artist: DemoArtist) -> bytes:
    """The artist's avatar: JPEG, `AVATAR_SIZE` square, a close detail of the hand."""
    side = AVATAR_SIZE * 2
    whole = _draw(artist.art, artist.art_seed * 100 + 50, side, 1)
    edge = side // 4
    return _finish(whole.crop((edge, edge, edge + AVATAR_SIZE, edge + AVATAR_SIZE)))


def _draw(style: ArtStyle, seed: int, size: int, palette: int) -> Image.Image:
    hands: dict[ArtStyle, Callable[[ImageDraw.ImageDraw, int, np.random.Generator, Palette], None]] = {
        ArtStyle.RIDGES: _draw_ridges,
        ArtStyle.TILES: _draw_tiles,
        ArtStyle.FOLDS: _draw_folds,
    }
    colours = _PALETTES[style][palette % len(_PALETTES[style])]
    large = size * _OVERSAMPLE
    image = Image.new("RGB", (large, large), colours[0])
    dice = np.random.Generator(np.random.PCG64(seed))
    hands[style](ImageDraw.Draw(image), large, dice, colours)
    return _grain(image.resize((size, size), Image.Resampling.BOX), dice)


def _draw_ridges(draw: ImageDraw.ImageDraw, size: int, dice: np.random.Generator, colours: Palette) -> None:
    """A disc, and before it lines of hills, each hiding what stands behind it."""
    ground, ink, accent, shade = colours
    centre_x, radius = size * dice.uniform(0.32, 0.68), size * dice.uniform(0.15, 0.22)
    top = size * 0.12
    draw.ellipse((centre_x - radius, top, centre_x + radius, top + 2 * radius), fill=accent)
    x = np.linspace(0.0, 1.0, 240)
    lines = 34
    peaks = dice.uniform(0.2, 0.8, 3)
    for line in range(lines):
        depth = line / (lines - 1)
        height = np.zeros_like(x)
        for peak in peaks:
            wander = peak + dice.normal(0.0, 0.03)
            height += dice.uniform(0.02, 0.13) * np.exp(-(((x - wander) / dice.uniform(0.04, 0.12)) ** 2))
        height += 0.004 * np.sin(2 * np.pi * (x * dice.uniform(6, 14) + dice.random()))
        y = size * (0.34 + 0.58 * depth - height * (0.5 + 0.7 * np.sin(np.pi * depth)))
        points = [(float(px * size), float(py)) for px, py in zip(x, y, strict=True)]
        draw.polygon([*points, (size, size), (0, size)], fill=shade if line % 9 == 4 else ground)
        draw.line(points, fill=ink, width=max(2, int(size * (0.0012 + 0.0022 * depth))), joint="curve")


def _draw_tiles(draw: ImageDraw.ImageDraw, size: int, dice: np.random.Generator, colours: Palette) -> None:
    """Quarter discs, rings and stripes on a grid, now and then one tile four times as large."""
    count = 6
    side = size / count
    taken: set[tuple[int, int]] = set()
    for row in range(count):
        for column in range(count):
            if (row, column) in taken:
                continue
            is_large = row < count - 1 and column < count - 1 and dice.random() < 0.22
            span = 2 if is_large and (row, column + 1) not in taken else 1
            taken |= {(row + i, column + j) for i in range(span) for j in range(span)}
            _draw_tile(draw, (column * side, row * side, span * side), dice, colours)


def _draw_tile(
    draw: ImageDraw.ImageDraw, place: tuple[float, float, float], dice: np.random.Generator, colours: Palette
) -> None:
    x, y, side = place
    first, second, third = (colours[int(i)] for i in dice.permutation(len(colours))[:3])
    draw.rectangle((x, y, x + side, y + side), fill=first)
    motif, turn = int(dice.integers(4)), int(dice.integers(4))
    corner_x, corner_y = x + side * (turn in (1, 2)), y + side * (turn in (2, 3))
    if motif == 3:
        for stripe in range(0, 6, 2):
            offset = side * stripe / 6
            across = (x + offset, y, x + offset + side / 6, y + side)
            down = (x, y + offset, x + side, y + offset + side / 6)
            draw.rectangle(across if turn % 2 else down, fill=second)
        return
    rings = ((1.0, second), (0.66, third), (0.33, first))[: motif + 1]
    for share, colour in rings:
        reach = side * share
        box = (corner_x - reach, corner_y - reach, corner_x + reach, corner_y + reach)
        draw.pieslice(box, 90 * turn, 90 * turn + 90, fill=colour)


def _draw_folds(draw: ImageDraw.ImageDraw, size: int, dice: np.random.Generator, colours: Palette) -> None:
    """A sheet creased into triangles of slightly different light, and the Bear over it."""
    ground, ink, accent, shade = colours
    count = 5
    grid = {
        (i, j): (
            size * (i + (dice.uniform(-0.28, 0.28) if 0 < i < count else 0)) / count,
            size * (j + (dice.uniform(-0.28, 0.28) if 0 < j < count else 0)) / count,
        )
        for i in range(count + 1)
        for j in range(count + 1)
    }
    for i in range(count):
        for j in range(count):
            a, b, c, d = grid[i, j], grid[i + 1, j], grid[i + 1, j + 1], grid[i, j + 1]
            halves = ((a, b, c), (a, c, d)) if (i + j) % 2 else ((a, b, d), (b, c, d))
            for half in halves:
                draw.polygon(half, fill=_between(ground, shade, dice.uniform(0.0, 1.0)))
    left, top = dice.uniform(0.0, 0.06), dice.uniform(-0.12, 0.12)
    stars = [((x + left) * size, (y + top) * size) for x, y in _BEAR_STARS]
    for first, second in _BEAR_LINES:
        draw.line((*stars[first], *stars[second]), fill=ink, width=size // 260)
    marked = int(dice.integers(len(stars)))
    for index, star in enumerate(stars):
        _draw_star(draw, star, size * (0.05 if index == marked else 0.026), accent if index == marked else ink)


def _draw_star(draw: ImageDraw.ImageDraw, centre: tuple[float, float], radius: float, colour: Colour) -> None:
    """A folded star of eight points."""
    angles = np.arange(16) * np.pi / 8
    reach = np.where(np.arange(16) % 2 == 0, radius, radius * 0.42)
    points = [
        (float(centre[0] + r * np.sin(a)), float(centre[1] - r * np.cos(a))) for r, a in zip(reach, angles, strict=True)
    ]
    draw.polygon(points, fill=colour)


def _between(first: Colour, second: Colour, share: float) -> Colour:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def _grain(image: Image.Image, dice: np.random.Generator) -> Image.Image:
    """The tooth of paper: every pixel a little lighter or darker."""
    pixels = np.asarray(image, dtype=np.int16)
    tooth = dice.integers(-5, 6, size=(*pixels.shape[:2], 1), dtype=np.int16)
    return Image.fromarray(np.clip(pixels + tooth, 0, 255).astype(np.uint8))


def _finish(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=88, subsampling=0)
    return file.getvalue()
