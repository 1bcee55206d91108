"""The export page: what a person takes home is what was said."""

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
from browser_helpers import Person, Server, wait_until
from playwright.sync_api import expect


def download(person: Person, section: str, name: str, folder: Path) -> Path:
    region = person.page.get_by_role("region", name=section)
    with person.page.expect_download() as waiting:
        region.get_by_role("link", name=name).click()
    path = folder / waiting.value.suggested_filename
    waiting.value.save_as(path)
    return path


def read_rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text().splitlines()))


def test_labels_head_and_probabilities_can_be_taken_home(
    server: Server, open_person: Callable[..., Person], tmp_path: Path
) -> None:
    server.learn(12)
    ana = open_person(server).open("/export")
    expect(ana.page.locator("#labeled")).to_have_text("12")
    annotations = read_rows(download(ana, "Annotations", "CSV", tmp_path))
    assert {row["id"]: int(row["label"]) for row in annotations} == server.labels()
    probabilities = read_rows(download(ana, "Probabilities", "CSV", tmp_path))
    assert len(probabilities) == 40
    for section, name, filename in [
        ("Annotations", "JSONL", "annotations.jsonl"),
        ("Annotations", "Parquet", "annotations.parquet"),
        ("Probabilities", "Parquet", "probabilities.parquet"),
        ("Head", "NPZ", "head.npz"),
    ]:
        assert download(ana, section, name, tmp_path).name == filename
    ana.page.get_by_text("Apply the head with numpy alone").click()
    example = ana.page.locator("#head-example").inner_text()
    shown = {float(row["probability"]) for row in probabilities}
    assert np.allclose(sorted(run_example(example, tmp_path)), sorted(shown), atol=1e-3)


def run_example(example: str, folder: Path) -> list[float]:
    """What the page's own lines make of the downloaded head."""
    for name in ("head.npz", "features.npy"):
        example = example.replace(f'"{name}"', repr(str(folder / name)))
    names: dict[str, object] = {}
    exec(example, names)
    return np.asarray(names["probability"]).tolist()


def test_without_a_head_the_page_says_what_is_missing(server: Server, open_person: Callable[..., Person]) -> None:
    ana = open_person(server).open("/export")
    expect(ana.page.get_by_text("There is no head yet: it needs a positive and a negative verdict.")).to_be_visible()
    link = ana.page.get_by_role("region", name="Head").get_by_role("link", name="NPZ")
    expect(link).to_have_attribute("aria-disabled", "true")
    link.click(force=True)
    assert ana.page.url == server.url + "/export"
    server.learn(12)
    ana.page.reload()
    expect(link).not_to_have_attribute("aria-disabled", "true")
    wait_until(lambda: ana.page.locator("#pool-total").inner_text() == "40", "the counts are there")
