import pytest

from casemix_risk.audit import fingerprint
from casemix_risk.audit.fingerprint import code_fingerprint

SCRIPT = "from pack.tool import add\n\nprint(add(1, 2))\n"
TOOL = (
    '"""A tool."""\n\nfrom pack import other\n\n\n'
    'def add(a, b):\n    """Sum."""\n    return a + b + other.ZERO\n'
)


@pytest.fixture
def fingerprint_after(tmp_path):
    """Write a script and a small package, with some of its files changed, and take the fingerprint."""

    def take(**changed):
        files = {"script": SCRIPT, "tool": TOOL, "other": "ZERO = 0\n", "unused": "X = 1\n"} | changed
        (tmp_path / "pack").mkdir(exist_ok=True)
        (tmp_path / "pack/__init__.py").write_text("")
        for name, text in files.items():
            place = tmp_path / ("script.py" if name == "script" else f"pack/{name}.py")
            place.write_text(text)
        fingerprint._parse.cache_clear()
        return code_fingerprint(tmp_path / "script.py", (tmp_path,))

    return take


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"script": SCRIPT + "# a comment\n"},
        {"script": SCRIPT.replace("1, 2", "1,\n    2,")},
        {"tool": TOOL.replace("A tool.", "A better tool.").replace("Sum.", "The sum.")},
        {"tool": TOOL.replace('    """Sum."""\n', "")},
        {"unused": "X = 2\n"},
    ],
)
def test_comments_docstrings_layout_and_unused_modules_do_not_count(fingerprint_after, changed):
    assert fingerprint_after(**changed) == fingerprint_after()


@pytest.mark.parametrize(
    "changed",
    [
        {"script": SCRIPT.replace("2", "3")},
        {"tool": TOOL.replace("a + b", "a - b")},
        {"tool": TOOL.replace("add(a, b)", "add(a, b=0)")},
        {"other": "ZERO = 0.0\n"},
    ],
)
def test_formulas_literals_and_defaults_count_wherever_they_are(fingerprint_after, changed):
    assert fingerprint_after(**changed) != fingerprint_after()
