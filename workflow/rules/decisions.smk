# From cost lines to results/<run>/decisions/<edition>/ (pools, reserve, size of group, proof of savings), and decisions/not_modelled.
rule decisions:
    input:
        cost_lines=RESULTS / "risk/{edition}/cost_lines.parquet",
        pool_rules=RESULTS / "risk/{edition}/pool_rules.parquet",
        pool_lines=RESULTS / "risk/{edition}/pool_lines.parquet",
        contracts=contracts(*DECISION_TABLES),
    output:
        frontier=RESULTS / "decisions/{edition}/frontier.parquet",
        shocked_pool=RESULTS / "decisions/{edition}/shocked_pool.parquet",
        pool_fees=RESULTS / "decisions/{edition}/pool_fees.parquet",
        stop_loss=RESULTS / "decisions/{edition}/stop_loss.parquet",
        reserves=RESULTS / "decisions/{edition}/reserves.parquet",
        overspend=RESULTS / "decisions/{edition}/overspend.parquet",
        smallest_group=RESULTS / "decisions/{edition}/smallest_group.parquet",
        external_checks=RESULTS / "decisions/{edition}/external_checks.parquet",
        detectability=RESULTS / "decisions/{edition}/detectability.parquet",
        provable=RESULTS / "decisions/{edition}/provable.parquet",
        savings_claim=RESULTS / "decisions/{edition}/savings_claim.parquet",
        frontier_figure=report(
            figure("decisions/{edition}/frontier"),
            category="Decisions",
            subcategory="{edition}",
            caption="../report/frontier.rst",
            labels={"figure": "The best pool for each share of the budget"},
        ),
        pool_fees_figure=report(
            figure("decisions/{edition}/pool_fees"),
            category="Decisions",
            subcategory="{edition}",
            caption="../report/pool_fees.rst",
            labels={"figure": "The pool's own risk and its fee"},
        ),
        covers_figure=report(
            figure("decisions/{edition}/covers"),
            category="Decisions",
            subcategory="{edition}",
            caption="../report/covers.rst",
            labels={"figure": "A pool, a stop-loss or a corridor"},
        ),
        reserve_by_size_figure=report(
            figure("decisions/{edition}/reserve_by_size"),
            category="Decisions",
            subcategory="{edition}",
            caption="../report/reserve.rst",
            labels={"figure": "The reserve, and the floor under it"},
        ),
        reserve_by_years_figure=report(
            figure("decisions/{edition}/reserve_by_years"),
            category="Decisions",
            subcategory="{edition}",
            caption="../report/reserve_years.rst",
            labels={"figure": "The reserve for several years"},
        ),
        smallest_group_figure=report(
            figure("decisions/{edition}/smallest_group"),
            category="Decisions",
            subcategory="{edition}",
            caption="../report/smallest_group.rst",
            labels={"figure": "The smallest group for a tolerance"},
        ),
        falls_figure=report(
            figure("decisions/{edition}/falls_that_show"),
            category="Decisions",
            subcategory="{edition}",
            caption="../report/falls.rst",
            labels={"figure": "The fall on a line that shows"},
        ),
        provable_figure=report(
            figure("decisions/{edition}/provable_lines"),
            category="Decisions",
            subcategory="{edition}",
            caption="../report/provable.rst",
            labels={"figure": "Lines on which a saving could be proved"},
        ),
        receipt=RESULTS / "receipts/decisions_{edition}.json",
    log:
        RESULTS / "logs/decisions_{edition}.log",
    benchmark:
        RESULTS / "benchmarks/decisions_{edition}.tsv"
    conda:
        "../../envs/environment.yaml"
    params:
        settings=settings("list_sizes", "risk", "shocks"),
        code=code("decisions"),
        lock=LOCK,
    message:
        "Working out what to decide at tariff edition {wildcards.edition}"
    script:
        "../../scripts/decisions.py"


rule not_modelled:
    input:
        activity=RESULTS / "volumes/activity.parquet",
        prices=RESULTS / f"tariff/{LEADING}/prices.parquet",
        summary=RESULTS / f"risk/{LEADING}/risk_summary.parquet",
        years=[RESULTS / f"volumes/{name}.parquet" for name in YEARS_COMPARED],
        accounts=expand(RESULTS / "tariff/changes/{change}/account.parquet", change=CHANGES_OF_LISTS),
        contracts=contracts("not_modelled"),
    output:
        not_modelled=RESULTS / "decisions/not_modelled.parquet",
        figure=report(
            figure("decisions/not_modelled"),
            category="Decisions",
            caption="../report/not_modelled.rst",
            labels={"figure": "Chance is not the whole risk"},
        ),
        receipt=RESULTS / "receipts/not_modelled.json",
    log:
        RESULTS / "logs/not_modelled.log",
    benchmark:
        RESULTS / "benchmarks/not_modelled.tsv"
    conda:
        "../../envs/environment.yaml"
    params:
        settings=settings("projection"),
        code=code("not_modelled"),
        lock=LOCK,
    message:
        "Sizing what is not modelled"
    script:
        "../../scripts/not_modelled.py"
