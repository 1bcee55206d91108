"""The report of a round: its figures, its files, its command."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from dataset_helpers import BOX, BOX_2
from report_helpers import Project, metrics, write_model

from winnow.__main__ import main
from winnow.errors import UnknownReport, UnknownVersion, WinnowError
from winnow.pool.identity import item_id_of
from winnow.training.report import PoolShare, list_reports, make_report, read_report, report_html, write_report
from winnow.verdicts.log import NewVerdict


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """Two rounds: three images in the first; a fourth, a miss and a skip in the second."""
    project = Project(tmp_path)
    project.judge("img00.png", "img04.png", "img05.png")
    write_model(project.workspace, 1, project.build())
    project.judge("img01.png", second=1)
    project.person.miss("img02.png")
    project.person.judge("img03.png", None)
    after, before = metrics(0.45), metrics(0.40)
    write_model(project.workspace, 2, project.build(), metrics=after, before=1, metrics_before=before)
    yield project
    project.person.log.close()


def test_a_round_is_what_was_said_between_the_two_data_sets(project: Project) -> None:
    first, second = (make_report(project.settings, project.workspace, number) for number in (1, 2))
    assert (first.first_event, first.last_event, first.figures.judged) == (1, 6, 6)
    assert (second.first_event, second.last_event, second.figures.judged) == (7, 10, 3)
    assert (second.figures.accepted, second.figures.skipped, second.figures.missed) == (2, 1, 1)
    assert first.figures.rejected == {"background": 3}
    assert first.pools == (PoolShare("proposals.csv", 12, 6),)


def test_metrics_stand_beside_those_of_the_version_before_on_the_same_hold_out(project: Project) -> None:
    first, second = (make_report(project.settings, project.workspace, number) for number in (1, 2))
    assert (first.metrics_before, first.gain_per_100_verdicts, first.dataset_before) == (None, None, None)
    assert second.metrics_before is not None
    assert (second.metrics_before["map50_95"], second.metrics["map50_95"]) == (0.40, 0.45)
    assert second.gain_per_100_verdicts == pytest.approx(100 * 0.05 / 3)
    (cell,) = second.per_class
    assert (cell.name, cell.precision_before, cell.precision, cell.map50_before, cell.map50) == (
        "cell", 0.5, 0.5, 0.5, 0.55,
    )  # fmt: skip
    assert second.counts["train"]["images"] == 2
    assert second.counts_before is not None
    assert second.counts_before["train"]["images"] == 1


def test_mistakes_looked_at_again_are_told_apart(project: Project) -> None:
    false_positive, missed = (2.0, 2.0, 30.0, 30.0), BOX
    for path, box, source in (
        ("img04.png", false_positive, "false_positive v2"),
        ("img05.png", missed, "false_negative v2"),
    ):
        key = f"again {source}"
        project.person.log.append([NewVerdict(key, item_id_of(path, box), 1, "ana", path, box, source=source)])
    project.judge("img03.png")
    write_model(project.workspace, 3, project.build(), before=2, metrics_before=metrics(0.40), metrics=metrics(0.45))
    report = make_report(project.settings, project.workspace, 3)
    assert (report.figures.judged, report.figures.looked_again) == (2, 2)
    assert report.pools == (PoolShare("proposals.csv", 12, 2),)
    assert report.gain_per_100_verdicts == pytest.approx(100 * 0.05 / 2)
    text = write_report(project.settings, 3).read_text()
    assert "<dt>Mistakes looked at again</dt><dd>2</dd>" in text


def test_a_version_before_that_was_not_measured_is_not_called_the_first(project: Project) -> None:
    write_model(project.workspace, 3, 2)
    assert "the version before could not be measured there" in write_report(project.settings, 3).read_text()
    assert "it is the first version" in write_report(project.settings, 1).read_text()


def test_what_is_saved_is_what_was_made(project: Project) -> None:
    page = write_report(project.settings, 2)
    assert page == project.workspace.reports / "round-0002.html"
    saved = read_report(project.workspace, 2)
    made = make_report(project.settings, project.workspace, 2)
    assert (saved["figures"]["judged"], saved["metrics"], saved["schema"]) == (3, made.metrics, 1)
    assert list_reports(project.workspace) == [2]
    write_report(project.settings, 1)
    assert list_reports(project.workspace) == [1, 2]


def test_the_page_needs_nothing_else_and_says_the_figures(project: Project) -> None:
    text = write_report(project.settings, 2).read_text()
    assert not re.search(r"<script|src=|href=|url\(", text)
    assert "@media print" in text
    for words in ("Round 2", "3 proposals judged: 2 accepted, 0 rejected, 1 skipped", "0.550", "+0.050"):
        assert words in text


def test_the_page_escapes_what_people_and_files_named(project: Project) -> None:
    write_report(project.settings, 2)
    values = read_report(project.workspace, 2)
    values["session_name"] = "<script>alert(1)</script>"
    values["per_class"][0]["name"] = "a<b & 'c'"
    values["figures"]["rejected"] = {"<i>odd</i>": 1}
    text = report_html(values)
    assert "<script" not in text
    assert "<i>" not in text
    assert "a&lt;b &amp; &#39;c&#39;" in text


def test_a_report_that_is_not_there_says_how_to_make_it(project: Project) -> None:
    with pytest.raises(UnknownReport, match="winnow report --round 2"):
        read_report(project.workspace, 2)
    with pytest.raises(UnknownVersion):
        write_report(project.settings, 9)


def test_a_damaged_report_says_how_to_make_it_again(project: Project) -> None:
    write_report(project.settings, 2)
    (project.workspace.reports / "round-0002.json").write_text("{")
    with pytest.raises(WinnowError, match="winnow report --round 2"):
        read_report(project.workspace, 2)


def test_a_version_that_the_hold_out_defines_no_loss_for_is_reported(project: Project) -> None:
    write_model(
        project.workspace, 3, 2, metrics=metrics(0.5, loss=None), before=2, metrics_before=metrics(0.4, classes=())
    )
    assert "nothing to compare" not in write_report(project.settings, 3).read_text()
    (cell,) = make_report(project.settings, project.workspace, 3).per_class
    assert (cell.precision_before, cell.recall_before) == (None, None)


def test_the_command_takes_the_newest_round_and_writes_where_it_is_told(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for name, value in project.settings.environment().items():
        monkeypatch.setenv(name, value)
    assert main(["report", "--out", str(tmp_path / "out.json")]) == 0
    assert json.loads((tmp_path / "out.json").read_text())["number"] == 2
    assert main(["report", "--round", "1", "--out", str(tmp_path / "out.html")]) == 0
    assert "Round 1" in (tmp_path / "out.html").read_text()
    assert main(["report", "--out", "report.pdf"]) == 2
    assert "'.pdf'" in capsys.readouterr().err


def test_the_command_without_a_model_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WINNOW_REFS", str(tmp_path / "refs.csv"))
    assert main(["report"]) == 2
    assert "python -m winnow train" in capsys.readouterr().err


def test_verdicts_of_a_later_pool_are_told_by_its_own_name(project: Project) -> None:
    header = "path,x1,y1,x2,y2,class,score"
    (project.folder / "proposals-0002.csv").write_text(
        f"{header}\nimg03.png,1,1,9,9,cell,0.5\nimg03.png,2,2,9,9,cell,0.5\n"
    )
    project.person.judge("img03.png", 1, (1.0, 1.0, 9.0, 9.0))
    project.person.judge("img03.png", 0, BOX_2)
    write_model(project.workspace, 3, project.build(partial=True))
    shares = make_report(project.settings, project.workspace, 3).pools
    assert shares == (PoolShare("proposals-0002.csv", 2, 1), PoolShare("proposals.csv", 12, 1))
