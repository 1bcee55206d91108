"""A pool of proposals through the app: the order before and after verdicts, the exported head, the restart."""

import csv
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_pool import draw_pool

from winnow.settings import Settings

DOCS = Path(__file__).parents[2] / "docs" / "head.md"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Forty tiles with two overlapping boxes each, scores that do not repeat."""
    draw_pool(tmp_path)
    lines = ["path,x1,y1,x2,y2,class,score"]
    for i in range(40):
        lines.append(f"{i}.png,4,6,40,28,tile,{0.98 - i / 45:.4f}")
        lines.append(f"{i}.png,8,6,44,28,{'tile' if i % 2 else 'brick'},{0.97 - i / 45:.4f}")
    refs = tmp_path / "proposals.csv"
    refs.write_text("\n".join(lines) + "\n")
    vectors = np.load(tmp_path / "features.npy")
    np.save(tmp_path / "features-of-proposals.npy", np.repeat(vectors, 2, axis=0))
    return Settings(
        refs=refs, features=tmp_path / "features-of-proposals.npy", annotator="ana", strategy="max_probability"
    )


def judge(client: Any, n: int) -> None:
    """Accept the first box of every even tile, the best first."""
    for _ in range(n):
        item = client.queue(1)["items"][0]
        client.judge(item["id"], int(item["index"] % 4 == 0))
    client.wait_until(lambda client: client.queue(1)["model"]["state"] == "ready")


def test_the_first_items_are_those_with_the_best_scores(client: Any) -> None:
    assert [item["index"] for item in client.queue(6)["items"]] == [0, 1, 2, 3, 4, 5]


def test_numpy_alone_makes_the_servers_probabilities_of_the_exported_head(
    client: Any, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge(client, 16)
    (tmp_path / "head.npz").write_bytes(client.get("/export/head.npz").content)
    np.save(tmp_path / "features.npy", np.load(settings.features_path))
    monkeypatch.chdir(tmp_path)
    code = DOCS.read_text().split("```python\n", 1)[1].split("```", 1)[0]
    found: dict[str, Any] = {}
    exec(code, found)
    rows = csv.DictReader(io.StringIO(client.get("/export/probabilities.csv").text))
    np.testing.assert_allclose(found["probability"], [float(row["probability"]) for row in rows], atol=1e-5)
    assert found["head"]["attributes"].shape == (80, 8)


def test_a_restart_gives_the_same_order(client: Any, settings: Settings, open_client: Any) -> None:
    judge(client, 12)
    before = client.queue(50)["items"]
    client.__exit__(None, None, None)
    again = open_client(settings)
    after = again.queue(50)["items"]
    assert [item["id"] for item in after] == [item["id"] for item in before]
    assert [item["probability"] for item in after] == pytest.approx([item["probability"] for item in before])
    assert (settings.refs.parent / "proposals.csv.winnow" / "overlaps.npz").is_file()
