# From volumes and prices to results/<run>/risk/<edition>/ (cost lines, pool rules, risk tables, Figures 1 and 2, Table 2).
rule risk:
    input:
        national=RESULTS / "volumes/national.parquet",
        prices=RESULTS / "tariff/{edition}/prices.parquet",
        contracts=contracts(
            "cost_lines",
            "price_bands",
            "banding",
            "pool_rules",
            "risk_summary",
            "risk_quantiles",
            "simulated",
            "pool_optimum",
            "pool_lines",
            "contributions",
        ),
    output:
        cost_lines=RESULTS / "risk/{edition}/cost_lines.parquet",
        price_bands=RESULTS / "risk/{edition}/price_bands.parquet",
        banding=RESULTS / "risk/{edition}/banding.parquet",
        pool_rules=RESULTS / "risk/{edition}/pool_rules.parquet",
        risk_summary=RESULTS / "risk/{edition}/risk_summary.parquet",
        risk_quantiles=RESULTS / "risk/{edition}/risk_quantiles.parquet",
        simulated=RESULTS / "risk/{edition}/simulated.parquet",
        pool_optimum=RESULTS / "risk/{edition}/pool_optimum.parquet",
        pool_lines=RESULTS / "risk/{edition}/pool_lines.parquet",
        contributions=RESULTS / "risk/{edition}/contributions.parquet",
        figure_1=report(
            figure("risk/{edition}/figure_1"),
            category="Risk",
            subcategory="{edition}",
            caption="../report/figure_1.rst",
            labels={"figure": "Figure 1: where to cut"},
        ),
        figure_2=report(
            figure("risk/{edition}/figure_2"),
            category="Risk",
            subcategory="{edition}",
            caption="../report/figure_2.rst",
            labels={"figure": "Figure 2: how large a group"},
        ),
        table_2=report(
            figure("risk/{edition}/table_2"),
            category="Risk",
            subcategory="{edition}",
            caption="../report/table_2.rst",
            labels={"figure": "Table 2: price cut and volume ceiling"},
        ),
        receipt=RESULTS / "receipts/risk_{edition}.json",
    log:
        RESULTS / "logs/risk_{edition}.log",
    benchmark:
        RESULTS / "benchmarks/risk_{edition}.tsv"
    conda:
        "../../envs/environment.yaml"
    params:
        settings=settings("seed", "population", "list_sizes", "cost_lines", "risk"),
        code=code("risk"),
        lock=LOCK,
    message:
        "Computing and simulating the risk at tariff edition {wildcards.edition}"
    script:
        "../../scripts/risk.py"


rule monte_carlo:
    input:
        lines=RESULTS / f"risk/{LEADING}/cost_lines.parquet",
        rules=RESULTS / f"risk/{LEADING}/pool_rules.parquet",
        contracts=contracts("monte_carlo"),
    output:
        monte_carlo=RESULTS / f"risk/{LEADING}/monte_carlo.parquet",
        receipt=RESULTS / "receipts/monte_carlo.json",
    log:
        RESULTS / "logs/monte_carlo.log",
    benchmark:
        RESULTS / "benchmarks/monte_carlo.tsv"
    conda:
        "../../envs/environment.yaml"
    params:
        settings=settings("seed", "risk"),
        code=code("monte_carlo"),
        lock=LOCK,
    message:
        "Measuring what simulated years can tell about Table 2"
    script:
        "../../scripts/monte_carlo.py"
