# From the practice register to results/<run>/practices/ (practice_lists, practice_risk), where the run has one.
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
            settings=settings("practices"),
            code=code("practices"),
            lock=LOCK,
        message:
            "Placing real practices and groups of them on the risk curve"
        script:
            "../../scripts/practices.py"
