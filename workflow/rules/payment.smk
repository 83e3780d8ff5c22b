# From payments to results/<run>/risk/<edition>/payment_effects: what each way of payment does, in runs with one on.
if PAYMENT:

    rule payment:
        input:
            national=RESULTS / "volumes/national.parquet",
            prices=RESULTS / "tariff/{edition}/prices.parquet",
            payments=RESULTS / "tariff/{edition}/payments.parquet",
            contracts=contracts("payment_effects"),
        output:
            payment_effects=RESULTS / "risk/{edition}/payment_effects.parquet",
            figure=report(
                figure("risk/{edition}/payment_effects"),
                category="Risk",
                subcategory="{edition}",
                caption="../report/payment.rst",
                labels={"figure": "Ways of payment"},
            ),
            receipt=RESULTS / "receipts/payment_{edition}.json",
        log:
            RESULTS / "logs/payment_{edition}.log",
        benchmark:
            RESULTS / "benchmarks/payment_{edition}.tsv"
        conda:
            "../../envs/environment.yaml"
        params:
            settings=lambda wildcards: {
                "edition": wildcards.edition,
                "list_size": config["risk"]["list_size"],
            }
            | settings("population", "list_sizes", "cost_lines", "risk"),
            code=code("payment"),
            lock=LOCK,
        message:
            "Comparing ways of payment at tariff edition {wildcards.edition}"
        script:
            "../../scripts/payment.py"
