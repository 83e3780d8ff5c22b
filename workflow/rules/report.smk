# From every table to results/<run>/report/ (index.html, tables.xlsx, numbers; in the demonstration published_facts).
EDITION_TABLES = {
    "tariff": ["prices", "tariff_coverage"],
    "risk": [
        "cost_lines",
        "price_bands",
        "banding",
        "pool_rules",
        "risk_summary",
        "risk_quantiles",
        "contributions",
        "pool_optimum",
        "pool_lines",
    ],
    "decisions": DECISION_TABLES,
}


if "synthetic" in config:

    rule published_facts:
        input:
            truth_lines=RESULTS / "synthetic/truth_lines.parquet",
            published=ROOT / "src/casemix_risk/report/published_facts.csv",
            activity=RESULTS / "volumes/activity.parquet",
            lines=RESULTS / f"risk/{LEADING}/cost_lines.parquet",
            rules=RESULTS / f"risk/{LEADING}/pool_rules.parquet",
            coverage=RESULTS / f"tariff/{LEADING}/tariff_coverage.parquet",
            contracts=contracts("published_facts"),
        output:
            published_facts=RESULTS / "report/published_facts.parquet",
            receipt=RESULTS / "receipts/published_facts.json",
        log:
            RESULTS / "logs/published_facts.log",
        benchmark:
            RESULTS / "benchmarks/published_facts.tsv"
        conda:
            "../../envs/environment.yaml"
        params:
            settings=settings(
                "seed",
                "population",
                "target_year",
                "projection",
                "extract",
                "cost_lines",
                "risk",
            ),
            code=code("published_facts"),
            lock=LOCK,
        message:
            "Comparing this run with the paper's published facts"
        script:
            "../../scripts/published_facts.py"


rule report:
    input:
        **in_demonstration(
            published_facts=RESULTS / "report/published_facts.parquet",
            planted=[RESULTS / f"synthetic/planted_defects_{year[2:4]}{year[5:]}.parquet" for year in YEARS],
            excluded=cleaned("excluded"),
            waterfalls=cleaned("waterfall"),
        ),
        tables=[
            RESULTS / f"{room}/{edition}/{table}.parquet"
            for edition in EDITIONS
            for room, tables in EDITION_TABLES.items()
            for table in tables
        ],
        waterfall=exact_counts(RESULTS / f"tariff/{LEADING}/waterfall.parquet"),
        checks=exact_counts(RESULTS / "audit/checks.parquet"),
        editions=RESULTS / "tariff/editions.parquet",
        changes=expand(RESULTS / "tariff/changes/{change}/account.parquet", change=CHANGES),
        change_figures=expand(RESULTS / "tariff/changes/{change}/waterfall.svg", change=CHANGES),
        receipts=lambda wildcards: exact_counts(*receipts(but=("report",))),
        monte_carlo=RESULTS / f"risk/{LEADING}/monte_carlo.parquet",
        activity=RESULTS / "volumes/activity.parquet",
        national=RESULTS / "volumes/national.parquet",
        practices=[RESULTS / "practices/practice_risk.parquet"] if "practices" in config else [],
        compared=in_comparison(
            *(
                RESULTS / f"practices/practice_{table}.parquet"
                for table in ("ratios", "ladder", "savings", "association")
            )
        ),
        years=[RESULTS / f"volumes/{name}.parquet" for name in YEARS_COMPARED],
        not_modelled=RESULTS / "decisions/not_modelled.parquet",
        progress=in_progress(
            RESULTS / "progress/control_chart.parquet",
            *(RESULTS / f"progress/{LEADING}/{table}.parquet" for table in PROGRESS_TABLES),
        ),
        grouping=exact_counts(
            *(
                RESULTS / f"group/{table}_{YEARS[-1]}.parquet"
                for table in ("grouping_quality", "given_and_derived")
                if GROUPED
            )
        ),
        coding=in_coding(
            *(
                RESULTS / f"coding/{table}_{YEARS[-1]}.parquet"
                for table in ("coding_effects", "coding_moves")
            ),
            RESULTS / "coding/coding_drift.parquet",
            *with_years(2, rebasing=RESULTS / "coding/rebasing.parquet").values(),
        ),
        payment=[RESULTS / f"risk/{LEADING}/payment_effects.parquet"] if PAYMENT else [],
        figures=[
            *(RESULTS / f"risk/{LEADING}/{name}.svg" for name in ("figure_1", "figure_2", "table_2")),
            RESULTS / "volumes/national.svg",
            RESULTS / "decisions/not_modelled.svg",
            *(RESULTS / f"decisions/{LEADING}/{name}.svg" for name in DECISION_FIGURES),
            *in_progress(
                RESULTS / f"progress/{LEADING}/year_end.svg", RESULTS / "progress/control_charts.svg"
            ),
            *in_coding(
                RESULTS / "coding/coding_drift.svg",
                *(RESULTS / f"coding/{name}.svg" for name in GROWTH_FIGURES),
            ),
            *(RESULTS / f"volumes/{name}.svg" for name in YEARS_COMPARED),
            *([RESULTS / "practices/practices.svg"] if "practices" in config else []),
            *in_comparison(*(RESULTS / f"practices/{name}.svg" for name in COMPARISON_FIGURES)),
            RESULTS / f"tariff/{LEADING}/prices.svg",
            *([RESULTS / f"risk/{LEADING}/payment_effects.svg"] if PAYMENT else []),
        ],
        contracts=contracts("numbers"),
        templates=sorted(
            path
            for ending in ("html", "css")
            for path in (ROOT / "src/casemix_risk/report").glob(f"*.{ending}")
        ),
    output:
        numbers=RESULTS / "report/numbers.parquet",
        page=report(
            RESULTS / "report/index.html",
            category="Report",
            caption="../report/page.rst",
            labels={"figure": "The whole report"},
        ),
        workbook=report(
            RESULTS / "report/tables.xlsx",
            category="Report",
            caption="../report/tables.rst",
            labels={"figure": "The report's tables"},
        ),
        receipt=RESULTS / "receipts/report.json",
    log:
        RESULTS / "logs/report.log",
    benchmark:
        RESULTS / "benchmarks/report.tsv"
    conda:
        "../../envs/environment.yaml"
    params:
        settings=config,
        population_covered=POPULATION_COVERED,
        leading=LEADING,
        last_year=YEARS[-1],
        last_edition=EDITIONS[-1],
        code=code("report"),
        lock=LOCK,
    message:
        "Writing the report"
    script:
        "../../scripts/report.py"
