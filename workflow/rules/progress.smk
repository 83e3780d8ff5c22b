# From a group's months so far to results/<run>/progress/ (control_chart; by edition year_end, year_end_by_month, year_end_lines).
if "year_in_progress" in config:

    rule year_end:
        input:
            months=config["year_in_progress"]["file"],
            cost_lines=RESULTS / "risk/{edition}/cost_lines.parquet",
            seasons=RESULTS / "volumes/seasons.parquet",
            contracts=contracts(*PROGRESS_TABLES),
        output:
            year_end=RESULTS / "progress/{edition}/year_end.parquet",
            year_end_by_month=RESULTS / "progress/{edition}/year_end_by_month.parquet",
            year_end_lines=RESULTS / "progress/{edition}/year_end_lines.parquet",
            figure=report(
                figure("progress/{edition}/year_end"),
                category="Year in progress",
                subcategory="{edition}",
                caption="../report/year_end.rst",
                labels={"figure": "Where the year will end"},
            ),
            receipt=RESULTS / "receipts/year_end_{edition}.json",
        log:
            RESULTS / "logs/year_end_{edition}.log",
        benchmark:
            RESULTS / "benchmarks/year_end_{edition}.tsv"
        conda:
            "../../envs/environment.yaml"
        params:
            settings=settings("target_year", "year_in_progress"),
            code=code("year_end"),
            lock=LOCK,
        message:
            "Forecasting the end of {config[target_year]} at tariff edition {wildcards.edition}"
        script:
            "../../scripts/year_end.py"

    rule control_charts:
        input:
            months=config["year_in_progress"]["file"],
            cost_lines=RESULTS / f"risk/{LEADING}/cost_lines.parquet",
            seasons=RESULTS / "volumes/seasons.parquet",
            contracts=contracts("control_chart"),
        output:
            control_chart=RESULTS / "progress/control_chart.parquet",
            figure=report(
                figure("progress/control_charts"),
                category="Year in progress",
                caption="../report/control_charts.rst",
                labels={"figure": "What is out of control"},
            ),
            receipt=RESULTS / "receipts/control_charts.json",
        log:
            RESULTS / "logs/control_charts.log",
        benchmark:
            RESULTS / "benchmarks/control_charts.tsv"
        conda:
            "../../envs/environment.yaml"
        params:
            settings=settings("target_year", "year_in_progress"),
            code=code("control_charts"),
            lock=LOCK,
        message:
            "Drawing control charts of a group's months"
        script:
            "../../scripts/control_charts.py"
