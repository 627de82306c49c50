"""Covers and avatars of the demo scene."""

import io

import numpy as np
from PIL import Image

from backline.config.demo.covers import draw_avatar, draw_track_cover, draw_world_cover
from backline.config.demo.scene import ARTISTS, TRACKS


def test_a_cover_is_a_square_jpeg_and_the_same_each_time() -> None:
    first, again, other = (
        draw_track_cover(TRACKS[0]),
        draw_track_cover(TRACKS[0]),
        draw_track_cover(TRACKS[1]),
    )

    image = Image.open(io.BytesIO(first))
    assert (image.format, image.size, image.mode) == ("JPEG", (1400, 1400), "RGB")
    assert first == again != other


def test_artists_have_pictures_of_their_own() -> None:
    pictures = [draw(artist) for artist in ARTISTS for draw in (draw_world_cover, draw_avatar)]

    assert len(set(pictures)) == 6
    assert [Image.open(io.BytesIO(picture)).size for picture in pictures] == [(1400, 1400), (640, 640)] * 3
    for picture in pictures:
        assert float(np.asarray(Image.open(io.BytesIO(picture)).convert("L")).std()) > 5.0
