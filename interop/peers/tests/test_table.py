"""The table of results counts what JUnit says."""

from pathlib import Path

from scenarios.table import main, outcomes, table

_REPORT = """<testsuites><testsuite name="pytest">{}</testsuite></testsuites>"""
_CASE = '<testcase name="x"><properties><property name="peer" value="{}"/><property name="scenario" value="{}"/></properties>{}</testcase>'


def _report(folder: Path, *cases: str) -> Path:
    path = folder / "report.xml"
    path.write_text(_REPORT.format("".join(cases)))
    return path


def test_cells(tmp_path: Path) -> None:
    skipped = '<skipped type="pytest.skip" message="no AH"/>'
    report = _report(
        tmp_path, _CASE.format("one", "psk", ""), _CASE.format("one", "psk", "<failure/>"), _CASE.format("two", "ah", skipped),
        '<testcase name="of something else"/>',
    )  # fmt: skip
    lines = table(list(outcomes(report)))
    assert lines[0].split() == ["scenario", "one", "two"]
    assert lines[2].split() == ["psk", "FAILED", "1", "passed", "1"]
    assert lines[3].split() == ["ah", "-1"]
    assert lines[-1] == "-1: no AH"
    assert main([str(report)]) == 1


def test_bad_files_are_named(tmp_path: Path, capsys) -> None:
    bad = tmp_path / "bad.xml"
    bad.write_text("<")
    for paths in ([], [str(bad)], [str(tmp_path / "none.xml")]):
        assert main(paths) == 2
    assert "none.xml" in capsys.readouterr().err
