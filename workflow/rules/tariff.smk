# From volumes and a price list to results/<run>/tariff/<edition>/ (prices, tariff_coverage, priced_waterfall; payments with an option of payment).
rule price:
    input:
        **with_payment(
            stays=RESULTS / "volumes/stays.parquet",
            providers=RESULTS / "volumes/providers.parquet",
            payment_files=payment_files(config["payment"]),
        ),
        national=RESULTS / "volumes/national.parquet",
        waterfalls=exact_counts(*cleaned("waterfall")),
        files=lambda wildcards: edition_files(config["tariff"]["editions"], wildcards.edition),
        schedule_lines=lambda wildcards: lines_of(
            schedule_years(config["tariff"]["editions"], wildcards.edition)
        ),
        contracts=contracts("prices", "tariff_coverage", "priced_waterfall", *with_payment(payments=None)),
    output:
        **with_payment(payments=RESULTS / "tariff/{edition}/payments.parquet"),
        **({} if SUPPRESSED else {"priced_waterfall": RESULTS / "tariff/{edition}/waterfall.parquet"}),
        prices=RESULTS / "tariff/{edition}/prices.parquet",
        tariff_coverage=RESULTS / "tariff/{edition}/tariff_coverage.parquet",
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
            "payment": config["payment"],
        },
        code=code("price"),
        lock=LOCK,
    message:
        "Pricing the lines with tariff edition {wildcards.edition}"
    script:
        "../../scripts/price.py"
