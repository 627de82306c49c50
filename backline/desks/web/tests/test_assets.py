from pathlib import Path

import orjson
import pytest

from backline.desks.web import assets

MANIFEST = {
    "_shared.js": {"file": "assets/shared-1.js"},
    "src/main.ts": {
        "file": "assets/main-1.js",
        "imports": ["_shared.js"],
        "css": ["assets/main-1.css"],
        "assets": ["assets/face-latin-wght-normal.woff2", "assets/face-vietnamese-wght-normal.woff2"],
    },
}


@pytest.fixture
def manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "manifest.json"
    path.write_bytes(orjson.dumps(MANIFEST))
    monkeypatch.setattr(assets, "MANIFEST", path)
    return path


def test_an_entry_names_its_built_files(manifest: Path) -> None:
    assert assets.asset("src/main.ts") == assets.Asset(
        script="/static/build/assets/main-1.js",
        imports=("/static/build/assets/shared-1.js",),
        styles=("/static/build/assets/main-1.css",),
        fonts=("/static/build/assets/face-latin-wght-normal.woff2",),
    )


def test_a_new_build_is_read_without_a_restart(manifest: Path) -> None:
    before = assets.asset("src/main.ts").script

    manifest.write_bytes(orjson.dumps({"src/main.ts": {"file": "assets/main-2.js"}}))

    assert before == "/static/build/assets/main-1.js"
    assert assets.asset("src/main.ts").script == "/static/build/assets/main-2.js"


def test_without_a_build_pages_have_no_scripts(manifest: Path) -> None:
    manifest.unlink()

    assert assets.asset("src/main.ts") == assets.Asset()
