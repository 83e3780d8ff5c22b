# From every table of a run to results/<run>/audit/checks.parquet, and from the whole run to its manifest, sums and provenance.
CHECKED_TABLES = {
    "tariff": ["prices", "tariff_coverage"],
    "risk": ["cost_lines", "price_bands", "risk_summary"],
}


rule checks:
    input:
        raw=lambda wildcards: [config[SOURCE]["files"][year] for year in YEARS],
        lines=lines_of(YEARS),
        excluded=cleaned("excluded") if SOURCE == "extract" else [],
        waterfalls=cleaned("waterfall"),
        activity=RESULTS / "volumes/activity.parquet",
        national=RESULTS / "volumes/national.parquet",
        year_on_year=with_years(2, year_on_year=RESULTS / "volumes/year_on_year.parquet").values(),
        editions=[
            RESULTS / f"{room}/{edition}/{table}.parquet"
            for edition in EDITIONS
            for room, tables in CHECKED_TABLES.items()
            for table in tables
        ],
        contracts=contracts("checks"),
    output:
        checks=RESULTS / "audit/checks.parquet",
        receipt=RESULTS / "receipts/checks.json",
    log:
        RESULTS / "logs/checks.log",
    benchmark:
        RESULTS / "benchmarks/checks.tsv"
    conda:
        "../../envs/environment.yaml"
    params:
        settings={"years": YEARS, "source": SOURCE, "editions": EDITIONS}
        | settings("population", "unit", "regular_attenders", "small_numbers", "checks"),
        code=code("checks"),
        lock=LOCK,
    message:
        "Checking that rows and pounds tie, and that the data are fit for use"
    script:
        "../../scripts/checks.py"


rule manifest:
    input:
        report=RESULTS / "report/index.html",
        receipts=lambda wildcards: receipts(),
        lock=ROOT / "envs/requirements.lock",
    output:
        manifest=RESULTS / "manifest.json",
        config=RESULTS / "config.yaml",
        lock=RESULTS / "requirements.lock",
        package=RESULTS / "datapackage.json",
        provenance=RESULTS / "provenance.json",
        sums=RESULTS / "SHA256SUMS",
    log:
        RESULTS / "logs/manifest.log",
    benchmark:
        RESULTS / "benchmarks/manifest.tsv"
    conda:
        "../../envs/environment.yaml"
    params:
        settings=config,
        code=code("manifest"),
        lock=LOCK,
    message:
        "Writing down what the run was made from"
    script:
        "../../scripts/manifest.py"
