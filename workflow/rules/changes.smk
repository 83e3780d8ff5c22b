# From two tariff editions to results/<run>/tariff/changes/<from>_to_<to>/ (account, risk, risk_lines, waterfall, brief), and what is in force.
rule editions:
    input:
        contracts=contracts("editions"),
    output:
        editions=RESULTS / "tariff/editions.parquet",
        receipt=RESULTS / "receipts/editions.json",
    log:
        RESULTS / "logs/editions.log",
    benchmark:
        RESULTS / "benchmarks/editions.tsv"
    conda:
        "../../envs/environment.yaml"
    params:
        settings=config["tariff"]["editions"],
        code=code("editions"),
        lock=LOCK,
    message:
        "Listing the tariff editions and what is in force"
    script:
        "../../scripts/editions.py"


rule changes:
    input:
        national=RESULTS / "volumes/national.parquet",
        tables=lambda wildcards: [
            RESULTS / f"{room}/{edition}/{table}.parquet"
            for edition in CHANGES[wildcards.change]
            for room, tables in CHANGED_TABLES.items()
            for table in tables
        ],
        template=ROOT / "src/casemix_risk/changes/brief.html",
        contracts=contracts("change_account", "change_risk", "change_risk_lines"),
    output:
        change_account=RESULTS / "tariff/changes/{change}/account.parquet",
        change_risk=RESULTS / "tariff/changes/{change}/risk.parquet",
        change_risk_lines=RESULTS / "tariff/changes/{change}/risk_lines.parquet",
        figure=report(
            figure("tariff/changes/{change}/waterfall"),
            category="Changes",
            subcategory="{change}",
            caption="../report/waterfall_of_change.rst",
            labels={"figure": "What changed the budget"},
        ),
        brief=report(
            RESULTS / "tariff/changes/{change}/brief.html",
            category="Changes",
            subcategory="{change}",
            caption="../report/brief.rst",
            labels={"figure": "The brief"},
        ),
        receipt=RESULTS / "receipts/changes_{change}.json",
    log:
        RESULTS / "logs/changes_{change}.log",
    benchmark:
        RESULTS / "benchmarks/changes_{change}.tsv"
    conda:
        "../../envs/environment.yaml"
    params:
        settings=lambda wildcards: {
            "before": CHANGES[wildcards.change][0],
            "after": CHANGES[wildcards.change][1],
            "list_size": config["risk"]["list_size"],
            "notes": list(edition_notes(config["tariff"]["editions"], CHANGES[wildcards.change])),
        }
        | settings("population", "list_sizes"),
        code=code("changes"),
        lock=LOCK,
    message:
        "Accounting for what changed, {wildcards.change}"
    script:
        "../../scripts/changes.py"
