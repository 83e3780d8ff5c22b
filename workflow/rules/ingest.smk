# From an extract file a year to results/<run>/ingest/ (episodes, excluded and waterfall of the year).
rule ingest:
    input:
        extract=lambda wildcards: config["extract"]["files"][wildcards.year],
        contracts=contracts("episodes", "excluded", "waterfall"),
    output:
        episodes=RESULTS / "ingest/episodes_{year}.parquet",
        excluded=RESULTS / "ingest/excluded_{year}.parquet",
        waterfall=RESULTS / "ingest/waterfall_{year}.parquet",
        figure=report(
            figure("ingest/waterfall_{year}"),
            category="Extract",
            subcategory="{year}",
            caption="../report/waterfall.rst",
            labels={"figure": "What cleaning did"},
        ),
    log:
        RESULTS / "logs/ingest_{year}.log",
    benchmark:
        RESULTS / "benchmarks/ingest_{year}.tsv"
    conda:
        "../../envs/environment.yaml"
    params:
        settings=lambda wildcards: {"year": wildcards.year},
        code=code("ingest"),
        lock=LOCK,
    message:
        "Reading and cleaning the extract of {wildcards.year}"
    script:
        "../../scripts/ingest.py"
