# From the practice register to results/<run>/practices/: practice_lists and practice_risk; with a profile and an extract, practices compared.
if "practices" in config:

    rule practices:
        input:
            register=config["practices"]["register"],
            summary=RESULTS / f"risk/{LEADING}/risk_summary.parquet",
            optimum=RESULTS / f"risk/{LEADING}/pool_optimum.parquet",
            contracts=contracts("practice_lists", "practice_risk"),
        output:
            practice_lists=RESULTS / "practices/practice_lists.parquet",
            practice_risk=RESULTS / "practices/practice_risk.parquet",
            figure=report(
                figure("practices/practices"),
                category="Practices",
                caption="../report/practices.rst",
                labels={"figure": "What chance does to real lists"},
            ),
            receipt=RESULTS / "receipts/practices.json",
        log:
            RESULTS / "logs/practices.log",
        benchmark:
            RESULTS / "benchmarks/practices.tsv"
        conda:
            "../../envs/environment.yaml"
        params:
            settings={"groups": config["practices"].get("groups")},
            code=code("practices"),
            lock=LOCK,
        message:
            "Placing real practices and groups of them on the risk curve"
        script:
            "../../scripts/practices.py"


COMPARISON_TABLES = [
    "expected",
    "ratios",
    "ladder",
    "change",
    "savings",
    "coding",
    "prevalence",
    "association",
    "drivers",
]
COMPARISON_FIGURES = {
    "funnel": "Practices against what their patients need",
    "caterpillar": "Practices with chance taken off",
    "ladder": "How much need explains",
    "savings": "What matching the best would save",
    "coding_and_ratio": "Complete records and admissions",
    "prevalence": "Recorded and expected prevalence",
}


if COMPARED:

    rule practice_counts:
        input:
            register=config["practices"]["register"],
            profile=config["practices"]["profile"],
            episodes=cleaned("episodes"),
            prices=RESULTS / f"tariff/{LEADING}/prices.parquet",
            contracts=contracts(
                "practice_people", "practice_profile", "practice_counts", "practice_waterfall"
            ),
        output:
            practice_people=RESULTS / "practices/practice_people.parquet",
            practice_profile=RESULTS / "practices/practice_profile.parquet",
            practice_counts=RESULTS / "practices/practice_counts.parquet",
            practice_waterfall=RESULTS / "practices/practice_waterfall.parquet",
            receipt=RESULTS / "receipts/practice_counts.json",
        log:
            RESULTS / "logs/practice_counts.log",
        benchmark:
            RESULTS / "benchmarks/practice_counts.tsv"
        conda:
            "../../envs/environment.yaml"
        params:
            settings={"years": YEARS},
            code=code("practice_counts"),
            lock=LOCK,
        message:
            "Counting emergency admissions by practice, age, sex and earlier diagnoses"
        script:
            "../../scripts/practice_counts.py"

    rule practice_comparison:
        input:
            people=RESULTS / "practices/practice_people.parquet",
            profile=RESULTS / "practices/practice_profile.parquet",
            counts=RESULTS / "practices/practice_counts.parquet",
            episodes=cleaned("episodes"),
            contracts=contracts(*(f"practice_{table}" for table in COMPARISON_TABLES)),
        output:
            **{
                f"practice_{table}": RESULTS / f"practices/practice_{table}.parquet"
                for table in COMPARISON_TABLES
            },
            **{
                f"{name}_figure": report(
                    figure(f"practices/{name}"),
                    category="Practices",
                    caption=f"../report/practice_{name}.rst",
                    labels={"figure": title},
                )
                for name, title in COMPARISON_FIGURES.items()
            },
            receipt=RESULTS / "receipts/practice_comparison.json",
        log:
            RESULTS / "logs/practice_comparison.log",
        benchmark:
            RESULTS / "benchmarks/practice_comparison.tsv"
        conda:
            "../../envs/environment.yaml"
        params:
            settings={"years": YEARS, "district": config["practices"].get("district")} | settings("seed"),
            code=code("practice_comparison"),
            lock=LOCK,
        message:
            "Comparing practices with what their patients' need explains"
        script:
            "../../scripts/practice_comparison.py"

    # All of a nation's practices on one page would be too much for a browser.
    if "district" in config["practices"]:

        rule practice_pages:
            input:
                **{
                    table: RESULTS / f"practices/practice_{table}.parquet"
                    for table in ("ratios", "coding", "prevalence", "drivers", "risk")
                },
                templates=[
                    ROOT / "src/casemix_risk/practices/pages.html",
                    ROOT / "src/casemix_risk/report/page.css",
                ],
            output:
                pages=report(
                    RESULTS / "practices/pages.html",
                    category="Practices",
                    caption="../report/practice_pages.rst",
                    labels={"figure": "A page on each practice"},
                ),
                receipt=RESULTS / "receipts/practice_pages.json",
            log:
                RESULTS / "logs/practice_pages.log",
            benchmark:
                RESULTS / "benchmarks/practice_pages.tsv"
            conda:
                "../../envs/environment.yaml"
            params:
                settings=settings("run"),
                code=code("practice_pages"),
                lock=LOCK,
            message:
                "Writing a page on each practice of the district"
            script:
                "../../scripts/practice_pages.py"
