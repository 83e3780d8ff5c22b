# From a file a year to results/<run>/ingest/: of an extract episodes, excluded and waterfall; of a national schedule schedule_lines and waterfall.
if SOURCE == "extract":

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
            receipt=RESULTS / "receipts/ingest_{year}.json",
        log:
            RESULTS / "logs/ingest_{year}.log",
        benchmark:
            RESULTS / "benchmarks/ingest_{year}.tsv"
        conda:
            "../../envs/environment.yaml"
        params:
            settings=lambda wildcards: {"year": wildcards.year} | settings("grouper"),
            code=code("ingest"),
            lock=LOCK,
        message:
            "Reading and cleaning the extract of {wildcards.year}"
        script:
            "../../scripts/ingest.py"

else:

    rule schedule:
        input:
            workbook=lambda wildcards: config["schedule"]["files"][wildcards.year],
            contracts=contracts("schedule_lines", "waterfall"),
        output:
            schedule_lines=RESULTS / "ingest/schedule_lines_{year}.parquet",
            waterfall=RESULTS / "ingest/waterfall_{year}.parquet",
            figure=report(
                figure("ingest/waterfall_{year}"),
                category="Schedule",
                subcategory="{year}",
                caption="../report/waterfall.rst",
                labels={"figure": "What cleaning did"},
            ),
            receipt=RESULTS / "receipts/schedule_{year}.json",
        log:
            RESULTS / "logs/schedule_{year}.log",
        benchmark:
            RESULTS / "benchmarks/schedule_{year}.tsv"
        conda:
            "../../envs/environment.yaml"
        params:
            settings=lambda wildcards: {"year": wildcards.year, "codes": config["schedule"]["codes"]},
            code=code("schedule"),
            lock=LOCK,
        message:
            "Reading the national schedule of {wildcards.year}"
        script:
            "../../scripts/schedule.py"
