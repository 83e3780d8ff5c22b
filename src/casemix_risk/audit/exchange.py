"""A run's provenance in forms that other tools read: an in-toto statement (SLSA) and a data package."""

import re
from collections.abc import Iterable, Mapping

from casemix_risk.audit.contract import Contract


def in_toto_statement(made: Mapping, digests: Mapping[str, str], config: Mapping) -> dict:
    """An in-toto Statement v1 with a SLSA provenance v1 predicate.

    Args:
        made: `casemix_risk.audit.manifest.manifest`.
        digests: path -> SHA-256 of every file of the run that the statement speaks for.
        config: the complete configuration.

    Source: in-toto attestation framework, spec v1; SLSA provenance v1.
    """
    dependencies = [
        {"uri": f"file:{path}", "digest": {"sha256": digest}}
        for path, digest in (made["raw"] | made["definitions"]).items()
    ]
    dependencies.append({"name": "requirements.lock", "digest": {"sha256": made["environment"]["lock"]}})
    if made["commit"]:
        dependencies.append({"name": "casemix-risk", "digest": {"gitCommit": made["commit"]}})
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": path, "digest": {"sha256": digest}} for path, digest in sorted(digests.items())],
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {
            "buildDefinition": {
                "buildType": "urn:casemix-risk:snakemake:v1",
                "externalParameters": {"configuration": dict(config)},
                "internalParameters": {"jobs": made["jobs"]},
                "resolvedDependencies": dependencies,
            },
            "runDetails": {
                "builder": {
                    "id": "urn:casemix-risk",
                    "version": {"casemix-risk": made["casemix_risk"], **made["environment"]["libraries"]},
                },
                "metadata": {
                    "invocationId": f"{made['run']}/{made['number']}",
                    "finishedOn": made["time"],
                },
            },
        },
    }


def data_package(run: str, tables: Iterable[tuple[str, Mapping, Contract]]) -> dict:
    """A Frictionless data package of a run's tables.

    Args:
        run: the run's name.
        tables: path from the run's folder, `casemix_risk.audit.receipt.file_facts`, and contract of each.

    Source: Data Package standard v2.
    """
    return {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": _slug(run),
        "resources": [_resource(*table) for table in tables],
    }


def _resource(path: str, facts: Mapping, contract: Contract) -> dict:
    return {
        "name": _slug(path.removesuffix(".parquet")),
        "type": "table",
        "path": path,
        "format": "parquet",
        "mediatype": "application/vnd.apache.parquet",
        "bytes": facts["bytes"],
        "hash": f"sha256:{facts['sha256']}",
        "publication": contract.publication,
        "contractVersion": contract.version,
        "schema": {
            "fields": [_field(name, column) for name, column in contract.columns.items()],
            "primaryKey": list(contract.key),
        },
    }


def _field(name: str, column: Mapping) -> dict:
    constraints = {key: column[key] for key in ("minimum", "maximum", "pattern") if key in column}
    if "values" in column:
        constraints["enum"] = list(column["values"])
    if not column.get("nullable", False):
        constraints["required"] = True
    field = {"name": name, "type": column["type"], "description": column["description"]}
    if "unit" in column:
        field["unit"] = column["unit"]
    return field | ({"constraints": constraints} if constraints else {})


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9._-]+", "_", text.lower())
