# From nothing but a seed: results/<run>/synthetic/ (truth_lines, one extract, its planted defects and up-coding a year; practice_register, practice_profile, practice_truth; group_months, group_truth).
if "synthetic" in config:

    rule synthetic_truth:
        input:
            catalogue=ROOT / "src/casemix_risk/synthetic/catalogue.csv",
            national_lines=ROOT / "src/casemix_risk/synthetic/national_lines.csv",
            contracts=contracts("truth_lines"),
        output:
            truth_lines=RESULTS / "synthetic/truth_lines.parquet",
            figure=report(
                figure("synthetic/truth_lines"),
                category="Demonstration",
                caption="../report/truth_lines.rst",
                labels={"figure": "The truth: 1,200 cost lines"},
            ),
            receipt=RESULTS / "receipts/synthetic_truth.json",
        log:
            RESULTS / "logs/synthetic_truth.log",
        benchmark:
            RESULTS / "benchmarks/synthetic_truth.tsv"
        conda:
            "../../envs/environment.yaml"
        params:
            settings=settings("seed"),
            code=code("synthetic_truth"),
            lock=LOCK,
        message:
            "Calibrating the demonstration's national line table"
        script:
            "../../scripts/synthetic_truth.py"

    rule synthetic_extract:
        input:
            truth_lines=RESULTS / "synthetic/truth_lines.parquet",
            code_frequencies=ROOT / "src/casemix_risk/synthetic/code_frequencies.csv",
            definitions=sorted((ROOT / "src/casemix_risk/group/demonstration").iterdir()),
            contracts=contracts("planted_defects", "planted_upcoding"),
        output:
            extract=RESULTS / "synthetic/FILE{fyear}_HES_APC.txt.gz",
            planted_defects=RESULTS / "synthetic/planted_defects_{fyear}.parquet",
            planted_upcoding=RESULTS / "synthetic/planted_upcoding_{fyear}.parquet",
            receipt=RESULTS / "receipts/synthetic_extract_{fyear}.json",
        log:
            RESULTS / "logs/synthetic_extract_{fyear}.log",
        benchmark:
            RESULTS / "benchmarks/synthetic_extract_{fyear}.tsv"
        wildcard_constraints:
            fyear=r"\d{4}",
        conda:
            "../../envs/environment.yaml"
        params:
            settings=settings("seed", "synthetic", "population", "target_year"),
            code=code("synthetic_extract"),
            lock=LOCK,
        message:
            "Drawing the patients of {wildcards.fyear}"
        script:
            "../../scripts/synthetic_extract.py"

    rule synthetic_practices:
        input:
            truth_lines=RESULTS / "synthetic/truth_lines.parquet",
            contracts=contracts("practice_truth"),
        output:
            register=RESULTS / "synthetic/practice_register.csv",
            profile=RESULTS / "synthetic/practice_profile.csv",
            practice_truth=RESULTS / "synthetic/practice_truth.parquet",
            receipt=RESULTS / "receipts/synthetic_practices.json",
        log:
            RESULTS / "logs/synthetic_practices.log",
        benchmark:
            RESULTS / "benchmarks/synthetic_practices.tsv"
        conda:
            "../../envs/environment.yaml"
        params:
            settings={"sampling_fraction": config["synthetic"]["sampling_fraction"]}
            | settings("seed", "population", "target_year"),
            code=code("synthetic_practices"),
            lock=LOCK,
        message:
            "Publishing the lists and profiles of the demonstration's practices"
        script:
            "../../scripts/synthetic_practices.py"

    if "year_in_progress" in config:

        rule synthetic_months:
            input:
                truth_lines=RESULTS / "synthetic/truth_lines.parquet",
                contracts=contracts("group_truth"),
            output:
                months=RESULTS / "synthetic/group_months.csv",
                group_truth=RESULTS / "synthetic/group_truth.parquet",
                receipt=RESULTS / "receipts/synthetic_months.json",
            log:
                RESULTS / "logs/synthetic_months.log",
            benchmark:
                RESULTS / "benchmarks/synthetic_months.tsv"
            conda:
                "../../envs/environment.yaml"
            params:
                settings={"list_size": config["year_in_progress"]["list_size"]}
                | settings("seed", "population", "target_year"),
                code=code("synthetic_months"),
                lock=LOCK,
            message:
                "Drawing the months of a group whose year is in progress"
            script:
                "../../scripts/synthetic_months.py"
