"""The training pipeline: from raw rows to a model that takes traffic.

    ingest -> validate -> [passed] transform -> train -> evaluate
           -> [blessed] infra_validate -> [blessed] deploy,   report in any case

A gate is a step that returns a bool and leaves its verdict as an artifact. Conditions
compare that bool with True: comparing text breaks on quotes in kfp's local runner.
"""

from kfp import dsl

from components.deploy.component import deploy
from components.evaluate.component import evaluate as evaluate_step
from components.infra_validate.component import infra_validate
from components.ingest.component import ingest
from components.report.component import report
from components.train.component import train as train_step
from components.transform.component import transform
from components.validate.component import validate

NAME = "canario-training"


@dsl.pipeline(name=NAME, description="Ingest, validate, train, judge and roll out.")
def training(
    project: str,
    source: str,
    source_digest: str,
    data: dict,
    required: list,
    spans: list,
    replay_spans: list,
    new_version: bool,
    schema_pbtxt: str,
    validation: dict,
    features: list,
    task: str,
    classes: list,
    golden_rows: int,
    train: dict,
    threshold: float,
    evaluate: dict,
    slices: list,
    must_pass: list,
    baseline_uri: str,
    baseline_digest: str,
    infra: dict,
    rollout: dict,
    plant: str,
    workspace_uri: str,
    run_root: str,
    run_id: str,
) -> None:
    """One training run over `spans`; the parameters are contracts/config's sections."""
    reporting = report(run_root=run_root)
    with dsl.ExitHandler(reporting, name="always report"):
        data_in = ingest(
            project=project,
            source=source,
            source_digest=source_digest,
            data=data,
            required=required,
            spans=spans,
            replay_spans=replay_spans,
            ledger_uri=workspace_uri,
            new_version=new_version,
        )
        checked = validate(
            examples=data_in.outputs["examples"],
            schema_pbtxt=schema_pbtxt,
            validation=validation,
        )
        with dsl.If(checked.outputs["Output"] == True, name="data is valid"):  # noqa: E712
            transformed = transform(
                examples=data_in.outputs["examples"],
                statistics=checked.outputs["statistics"],
                features=features,
                classes=classes,
                golden_rows=golden_rows,
            )
            trained = train_step(
                transform_graph=transformed.outputs["transform_graph"],
                task=task,
                classes=classes,
                threshold=threshold,
                train=train,
            )
            judged = evaluate_step(
                examples=data_in.outputs["examples"],
                statistics=checked.outputs["statistics"],
                transform_graph=transformed.outputs["transform_graph"],
                model=trained.outputs["model"],
                baseline_uri=baseline_uri,
                baseline_digest=baseline_digest,
                task=task,
                classes=classes,
                slices=slices,
                must_pass=must_pass,
                evaluate=evaluate,
            )
            with dsl.If(judged.outputs["Output"] == True, name="model is blessed"):  # noqa: E712
                served = infra_validate(model=trained.outputs["model"], infra=infra)
                with dsl.If(served.outputs["Output"] == True, name="it serves"):  # noqa: E712
                    rolled_out = deploy(
                        project=project,
                        model=trained.outputs["model"],
                        traffic=data_in.outputs["traffic"],
                        evaluation=judged.outputs["evaluation"],
                        baseline_uri=baseline_uri,
                        baseline_digest=baseline_digest,
                        slices=slices,
                        rollout=rollout,
                        plant=plant,
                        spans=spans,
                        workspace_uri=workspace_uri,
                        run_id=run_id,
                    )
                    # Acts on the world: a remembered result would act on nothing.
                    rolled_out.set_caching_options(False)
