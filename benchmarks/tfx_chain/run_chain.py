"""The TFX chain on Chicago Taxi: CSV to pushed model. Run by its own interpreter.

python run_chain.py DATA_FOLDER WORK_FOLDER
"""

# ruff: noqa: D103
import os
import sys
from pathlib import Path

os.environ["TF_USE_LEGACY_KERAS"] = "1"  # TFX 1.16 writes its models with Keras 2

import tensorflow_model_analysis as tfma
from tfx import v1 as tfx

MODULE = Path(__file__).with_name("taxi_module.py")


def main(data: str, work: str) -> None:
    examples = tfx.components.CsvExampleGen(input_base=data)
    statistics = tfx.components.StatisticsGen(examples=examples.outputs["examples"])
    schema = tfx.components.SchemaGen(statistics=statistics.outputs["statistics"])
    checked = tfx.components.ExampleValidator(
        statistics=statistics.outputs["statistics"], schema=schema.outputs["schema"]
    )
    transform = tfx.components.Transform(
        examples=examples.outputs["examples"],
        schema=schema.outputs["schema"],
        module_file=str(MODULE),
    )
    trainer = tfx.components.Trainer(
        module_file=str(MODULE),
        examples=transform.outputs["transformed_examples"],
        transform_graph=transform.outputs["transform_graph"],
        schema=schema.outputs["schema"],
        train_args=tfx.proto.TrainArgs(num_steps=200),
        eval_args=tfx.proto.EvalArgs(num_steps=50),
    )
    evaluator = tfx.components.Evaluator(
        examples=examples.outputs["examples"],
        model=trainer.outputs["model"],
        eval_config=_eval_config(),
    )
    pusher = tfx.components.Pusher(
        model=trainer.outputs["model"],
        push_destination=tfx.proto.PushDestination(
            filesystem=tfx.proto.PushDestination.Filesystem(
                base_directory=f"{work}/push"
            )
        ),
    )
    pipeline = tfx.dsl.Pipeline(
        pipeline_name="taxi",
        pipeline_root=f"{work}/root",
        components=[
            examples,
            statistics,
            schema,
            checked,
            transform,
            trainer,
            evaluator,
            pusher,
        ],
        metadata_connection_config=(
            tfx.orchestration.metadata.sqlite_metadata_connection_config(f"{work}/db")
        ),
    )
    tfx.orchestration.LocalDagRunner().run(pipeline)


def _eval_config() -> tfma.EvalConfig:
    return tfma.EvalConfig(
        model_specs=[
            tfma.ModelSpec(
                signature_name="serving_default",
                label_key="big_tip",
                preprocessing_function_names=["transform_features"],
            )
        ],
        slicing_specs=[
            tfma.SlicingSpec(),
            tfma.SlicingSpec(feature_keys=["trip_start_hour"]),
        ],
        metrics_specs=[
            tfma.MetricsSpec(
                metrics=[
                    tfma.MetricConfig(class_name=name)
                    for name in ("ExampleCount", "BinaryAccuracy", "AUC")
                ]
            )
        ],
    )


if __name__ == "__main__":
    main(*sys.argv[1:3])
