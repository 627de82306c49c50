import struct
from pathlib import Path

import pytest
from django.conf import settings


@pytest.fixture(autouse=True)
def folder_for_uploads() -> None:
    """Where the process that serves requests streams forms to; a running server makes it when it starts."""
    Path(settings.FILE_UPLOAD_TEMP_DIR).mkdir(parents=True, exist_ok=True)


@pytest.fixture
def wav() -> bytes:
    """Two seconds of a quiet square wave: 8 kHz, mono, 16 bit."""
    samples = b"".join(struct.pack("<h", 2000 if (n // 20) % 2 else -2000) for n in range(16_000))
    head = struct.pack("<4sI4s", b"RIFF", 36 + len(samples), b"WAVE")
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, 8000, 16_000, 2, 16)
    return head + form + struct.pack("<4sI", b"data", len(samples)) + samples
