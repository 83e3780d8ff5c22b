"""From what is counted to practices compared: what need explains, who differs, coding, savings, figures."""

import polars as pl

from casemix_risk.figure_style import save_figure
from casemix_risk.practices.association import practice_association
from casemix_risk.practices.change import practice_change
from casemix_risk.practices.coding import practice_coding
from casemix_risk.practices.coding_figures import draw_coding_and_ratio, draw_prevalence
from casemix_risk.practices.drivers import practice_drivers
from casemix_risk.practices.expected import CODED_STEP, LEADING_STEP, practice_expected
from casemix_risk.practices.ladder import practice_ladder
from casemix_risk.practices.ladder_figure import draw_ladder
from casemix_risk.practices.lists import practices_compared
from casemix_risk.practices.prevalence import completeness, practice_prevalence
from casemix_risk.practices.published import published_prevalence, published_ratios
from casemix_risk.practices.ratio_figures import draw_caterpillar, draw_funnel
from casemix_risk.practices.ratios import practice_ratios
from casemix_risk.practices.savings import practice_savings, step_to_use
from casemix_risk.practices.savings_figure import savings_figure
from job import run, write


def main(snakemake) -> None:
    files, settings = snakemake.input, snakemake.params.settings
    people, profile, counts = map(pl.read_parquet, (files.people, files.profile, files.counts))
    district = practices_compared(settings["district"], people)
    expected = practice_expected(counts, profile, district)
    ratios = practice_ratios(expected, counts)
    prevalence = practice_prevalence(counts, profile)
    prevalence = prevalence[prevalence["practice"].isin(district)]
    recorded = completeness(prevalence)
    episodes = dict(zip(settings["years"], map(pl.scan_parquet, files.episodes), strict=True))
    tables = {
        "practice_expected": expected,
        "practice_ratios": ratios,
        "practice_ladder": practice_ladder(counts, profile, district, settings["seed"]),
        "practice_change": practice_change(expected, counts),
        "practice_savings": practice_savings(expected, settings["seed"]),
        "practice_prevalence": prevalence,
        "practice_coding": practice_coding(episodes, recorded),
        "practice_association": practice_association(expected, profile, recorded),
        "practice_drivers": practice_drivers(episodes, people, district),
    }
    for name, table in tables.items():
        write(snakemake, name, table)
    savings, shown = tables["practice_savings"], published_ratios(ratios)
    figures = {
        "funnel": draw_funnel(shown),
        "caterpillar": draw_caterpillar(shown),
        "ladder": draw_ladder(tables["practice_ladder"]),
        "savings": savings_figure(savings, step_to_use(savings, (LEADING_STEP, CODED_STEP))),
        "coding_and_ratio": draw_coding_and_ratio(shown, recorded, tables["practice_association"]),
        "prevalence": draw_prevalence(published_prevalence(prevalence)),
    }
    for name, figure in figures.items():
        save_figure(figure, snakemake.output[f"{name}_figure"])


if __name__ == "__main__":
    run(main, snakemake)  # noqa: F821
