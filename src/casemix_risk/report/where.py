"""Print where a run's report is: ``python -m casemix_risk.report.where config/config.yaml``."""

import sys
from pathlib import Path

import yaml


def report_path(config_path: str) -> Path:
    """The report of the run that a configuration file describes."""
    run = yaml.safe_load(Path(config_path).read_text(encoding="utf-8"))["run"]
    return Path("results") / run / "report" / "index.html"


if __name__ == "__main__":
    print(f"Report: {report_path(sys.argv[1]).resolve()}")
