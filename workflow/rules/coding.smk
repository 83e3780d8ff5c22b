# From grouped years to results/<run>/coding/ (coding_effects, coding_moves and coding_cells by year; coding_drift; activity_trends, rebasing).
GROWTH_FIGURES = ["chapter_growth", "hrg_growth"] if len(YEARS) >= 2 else []


if CODED:

    rule coding:
        input:
            episodes=RESULTS / "ingest/episodes_{year}.parquet",
            grouping=RESULTS / "group/grouping_{year}.parquet",
            prices=RESULTS / f"tariff/{EDITIONS[-1]}/prices.parquet",
            definitions=DEFINITION_FILES,
            contracts=contracts("coding_effects", "coding_moves", "coding_cells"),
        output:
            coding_effects=RESULTS / "coding/coding_effects_{year}.parquet",
            coding_moves=RESULTS / "coding/coding_moves_{year}.parquet",
            coding_cells=RESULTS / "coding/coding_cells_{year}.parquet",
            receipt=RESULTS / "receipts/coding_{year}.json",
        log:
            RESULTS / "logs/coding_{year}.log",
        benchmark:
            RESULTS / "benchmarks/coding_{year}.tsv"
        conda:
            "../../envs/environment.yaml"
        params:
            settings=settings("seed"),
            code=code("coding"),
            lock=LOCK,
        message:
            "Grouping {wildcards.year} again as if it had been coded otherwise"
        script:
            "../../scripts/coding.py"

    rule coding_drift:
        input:
            cells=expand(RESULTS / "coding/coding_cells_{year}.parquet", year=YEARS),
            contracts=contracts("coding_drift"),
        output:
            coding_drift=RESULTS / "coding/coding_drift.parquet",
            figure=report(
                figure("coding/coding_drift"),
                category="Coding",
                caption="../report/coding_drift.rst",
                labels={"figure": "Providers whose coding stands out"},
            ),
            receipt=RESULTS / "receipts/coding_drift.json",
        log:
            RESULTS / "logs/coding_drift.log",
        benchmark:
            RESULTS / "benchmarks/coding_drift.tsv"
        conda:
            "../../envs/environment.yaml"
        params:
            settings={"years": YEARS},
            code=code("coding_drift"),
            lock=LOCK,
        message:
            "Looking for providers that code otherwise than the rest, or begin to"
        script:
            "../../scripts/coding_drift.py"


if CODED and len(YEARS) >= 2:

    rule activity_trends:
        input:
            pairs=expand(RESULTS / "group/given_and_derived_{year}.parquet", year=YEARS),
            prices=RESULTS / f"tariff/{EDITIONS[-1]}/prices.parquet",
            definitions=DEFINITION_FILES,
            contracts=contracts("activity_trends", "rebasing"),
        output:
            activity_trends=RESULTS / "coding/activity_trends.parquet",
            rebasing=RESULTS / "coding/rebasing.parquet",
            chapters_figure=report(
                figure("coding/chapter_growth"),
                category="Coding",
                caption="../report/chapter_growth.rst",
                labels={"figure": "Growth by chapter, given and regrouped"},
            ),
            hrgs_figure=report(
                figure("coding/hrg_growth"),
                category="Coding",
                caption="../report/hrg_growth.rst",
                labels={"figure": "HRGs whose growth changes most"},
            ),
            receipt=RESULTS / "receipts/activity_trends.json",
        log:
            RESULTS / "logs/activity_trends.log",
        benchmark:
            RESULTS / "benchmarks/activity_trends.tsv"
        conda:
            "../../envs/environment.yaml"
        params:
            settings={"years": YEARS},
            code=code("activity_trends"),
            lock=LOCK,
        message:
            "Comparing growth by given HRGs with growth on one version of the definitions"
        script:
            "../../scripts/activity_trends.py"
