# From a year's cleaned episodes to results/<run>/group/ (grouping, grouping_quality, given_and_derived; episodes, excluded and waterfall with the HRGs that are used).
if GROUPED:

    rule group_episodes:
        input:
            episodes=RESULTS / "ingest/episodes_{year}.parquet",
            excluded=RESULTS / "ingest/excluded_{year}.parquet",
            waterfall=RESULTS / "ingest/waterfall_{year}.parquet",
            definitions=DEFINITION_FILES,
            contracts=contracts(
                "grouping",
                "grouping_quality",
                "given_and_derived",
                "episodes",
                "excluded",
                "waterfall",
            ),
        output:
            grouping=RESULTS / "group/grouping_{year}.parquet",
            grouping_quality=RESULTS / "group/grouping_quality_{year}.parquet",
            given_and_derived=RESULTS / "group/given_and_derived_{year}.parquet",
            episodes=RESULTS / "group/episodes_{year}.parquet",
            excluded=RESULTS / "group/excluded_{year}.parquet",
            waterfall=RESULTS / "group/waterfall_{year}.parquet",
            receipt=RESULTS / "receipts/group_episodes_{year}.json",
        log:
            RESULTS / "logs/group_episodes_{year}.log",
        benchmark:
            RESULTS / "benchmarks/group_episodes_{year}.tsv"
        conda:
            "../../envs/environment.yaml"
        params:
            settings=settings("grouper"),
            code=code("group_episodes"),
            lock=LOCK,
        message:
            "Grouping the episodes of {wildcards.year} into HRGs"
        script:
            "../../scripts/group_episodes.py"
