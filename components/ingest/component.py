"""Ingest as a pipeline step."""

from kfp import dsl

from components import images
from components.artifact_types import Examples


@dsl.component(base_image=images.BASE, install_kfp_package=False)
def ingest(
    project: str,
    source: str,
    source_digest: str,
    data: dict,
    required: list,
    spans: list,
    replay_spans: list,
    ledger_uri: str,
    new_version: bool,
    examples: dsl.Output[Examples],
    traffic: dsl.Output[Examples],
) -> None:
    """Turn raw files into examples with id, span, version, split and label.

    Args:
        project: Name, for the manifest.
        source: Absolute path, glob, or package://NAME/path.
        source_digest: Digest of the source's bytes, for the manifest.
        data: The section `data` of the project's config.
        required: Columns, or globs of columns, that later steps read.
        spans: Spans to learn from.
        replay_spans: Spans whose rows become live requests.
        ledger_uri: Storage with the versions of the project's spans.
        new_version: Whether changed content of a known span is a new version.
        examples: The splits train, eval and test.
        traffic: The split replay.
    """
    from components.ingest.ingest import run

    run(
        project=project,
        source=source,
        source_digest=source_digest,
        data=data,
        required=required,
        spans=spans,
        replay_spans=replay_spans,
        ledger_uri=ledger_uri,
        new_version=new_version,
        examples=examples.path,
        traffic=traffic.path,
    )
