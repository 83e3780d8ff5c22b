# From episodes to results/<run>/volumes/ (activity, stays, providers, seasons, national, by_list_size).
rule activity:
    input:
        lines=lines_of(YEARS),
        waterfalls=cleaned("waterfall"),
        contracts=contracts("activity", "stays", "providers", "seasons"),
    output:
        activity=RESULTS / "volumes/activity.parquet",
        stays=RESULTS / "volumes/stays.parquet",
        providers=RESULTS / "volumes/providers.parquet",
        seasons=RESULTS / "volumes/seasons.parquet",
        figure=report(
            figure("volumes/activity"),
            category="Volumes",
            caption="../report/activity.rst",
            labels={"figure": "Activity by chapter and year"},
        ),
        receipt=RESULTS / "receipts/activity.json",
    log:
        RESULTS / "logs/activity.log",
    benchmark:
        RESULTS / "benchmarks/activity.tsv"
    conda:
        "../../envs/environment.yaml"
    params:
        settings={"years": YEARS, "source": SOURCE} | settings("unit", "regular_attenders", "small_numbers"),
        code=code("activity"),
        lock=LOCK,
    message:
        "Counting admissions per cost line"
    script:
        "../../scripts/activity.py"


rule volumes:
    input:
        activity=RESULTS / "volumes/activity.parquet",
        contracts=contracts("national", "by_list_size", "published_activity"),
    output:
        **({"published_activity": RESULTS / "volumes/published_activity.parquet"} if SUPPRESSED else {}),
        national=RESULTS / "volumes/national.parquet",
        by_list_size=RESULTS / "volumes/by_list_size.parquet",
        figure=report(
            figure("volumes/national"),
            category="Volumes",
            caption="../report/national.rst",
            labels={"figure": "Projection by chapter"},
        ),
        receipt=RESULTS / "receipts/volumes.json",
    log:
        RESULTS / "logs/volumes.log",
    benchmark:
        RESULTS / "benchmarks/volumes.tsv"
    conda:
        "../../envs/environment.yaml"
    params:
        settings={
            "years": YEARS,
            "population_covered": POPULATION_COVERED,
        }
        | settings("population", "target_year", "projection", "list_sizes", "small_numbers"),
        code=code("volumes"),
        lock=LOCK,
    message:
        "Projecting admissions to {config[target_year]} and scaling them to list sizes"
    script:
        "../../scripts/volumes.py"


if len(YEARS) >= 2:

    rule years_compared:
        input:
            activity=RESULTS / "volumes/activity.parquet",
            contracts=contracts("year_on_year", "back_test"),
        output:
            **with_years(
                FEWEST_YEARS,
                back_test=RESULTS / "volumes/back_test.parquet",
                back_test_figure=report(
                    figure("volumes/back_test"),
                    category="Volumes",
                    caption="../report/back_test.rst",
                    labels={"figure": "Projections of known years"},
                ),
            ),
            year_on_year=RESULTS / "volumes/year_on_year.parquet",
            changes_figure=report(
                figure("volumes/year_on_year"),
                category="Volumes",
                caption="../report/year_on_year.rst",
                labels={"figure": "Change from year to year beside chance"},
            ),
            receipt=RESULTS / "receipts/years_compared.json",
        log:
            RESULTS / "logs/years_compared.log",
        benchmark:
            RESULTS / "benchmarks/years_compared.tsv"
        conda:
            "../../envs/environment.yaml"
        params:
            settings={"years": YEARS} | settings("projection"),
            code=code("years_compared"),
            lock=LOCK,
        message:
            "Comparing years with each other and with what each projection would have said"
        script:
            "../../scripts/years_compared.py"
