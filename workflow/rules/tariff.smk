# From volumes and a price list to results/<run>/tariff/<edition>/ (prices, tariff_coverage, priced_waterfall).
rule price:
    input:
        national=RESULTS / "volumes/national.parquet",
        waterfalls=expand(RESULTS / "ingest/waterfall_{year}.parquet", year=YEARS),
        files=lambda wildcards: edition_files(config["tariff"]["editions"], wildcards.edition),
        schedule_lines=lambda wildcards: lines_of(
            schedule_years(config["tariff"]["editions"], wildcards.edition)
        ),
        contracts=contracts("prices", "tariff_coverage", "priced_waterfall"),
    output:
        prices=RESULTS / "tariff/{edition}/prices.parquet",
        tariff_coverage=RESULTS / "tariff/{edition}/tariff_coverage.parquet",
        priced_waterfall=RESULTS / "tariff/{edition}/waterfall.parquet",
        figure=report(
            figure("tariff/{edition}/prices"),
            category="Prices",
            subcategory="{edition}",
            caption="../report/prices.rst",
            labels={"figure": "Price and length of stay"},
        ),
        receipt=RESULTS / "receipts/price_{edition}.json",
    log:
        RESULTS / "logs/price_{edition}.log",
    benchmark:
        RESULTS / "benchmarks/price_{edition}.tsv"
    conda:
        "../../envs/environment.yaml"
    params:
        settings=lambda wildcards: {
            "edition": wildcards.edition,
            "chain": edition_chain(config["tariff"]["editions"], wildcards.edition),
            "maximum_estimated_share": config["tariff"]["maximum_estimated_share"],
            "unpriced": config["tariff"]["unpriced"],
        },
        code=code("price"),
        lock=LOCK,
    message:
        "Pricing the lines with tariff edition {wildcards.edition}"
    script:
        "../../scripts/price.py"
