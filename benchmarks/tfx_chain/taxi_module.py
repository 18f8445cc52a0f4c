"""User code of the TFX chain: preprocessing and training on Chicago Taxi.

The same features, label, network and number of steps as configs/taxi.
"""

# ruff: noqa: ANN001, ANN201, ANN202, D103
import tensorflow as tf
import tensorflow_transform as tft
from tfx import v1 as tfx
from tfx_bsl.public import tfxio

NUMERIC = ["trip_miles", "fare", "trip_seconds"]
COORDINATES = [
    "pickup_latitude",
    "pickup_longitude",
    "dropoff_latitude",
    "dropoff_longitude",
]
CATEGORICAL = [
    "trip_start_hour",
    "trip_start_day",
    "trip_start_month",
    "pickup_community_area",
    "dropoff_community_area",
    "pickup_census_tract",
    "dropoff_census_tract",
    "payment_type",
    "company",
]
LABEL = "big_tip"
VOCABULARY = 1000


def _dense(value):
    if not isinstance(value, tf.sparse.SparseTensor):
        return value
    default = "" if value.dtype == tf.string else 0
    shape = [value.dense_shape[0], 1]
    filled = tf.sparse.SparseTensor(value.indices, value.values, shape)
    return tf.squeeze(tf.sparse.to_dense(filled, default), axis=1)


def preprocessing_fn(inputs):
    outputs = {}
    for name in (*NUMERIC, *COORDINATES):
        number = tf.cast(_dense(inputs[name]), tf.float32)
        outputs[name] = tft.scale_to_z_score(number)
    for name in CATEGORICAL:
        value = _dense(inputs[name])
        text = value if value.dtype == tf.string else tf.strings.as_string(value)
        outputs[name] = tft.compute_and_apply_vocabulary(
            text, top_k=VOCABULARY, num_oov_buckets=1, vocab_filename=name
        )
    fare = tf.cast(_dense(inputs["fare"]), tf.float32)
    tips = tf.cast(_dense(inputs["tips"]), tf.float32)
    outputs[LABEL] = tf.cast(tips > 0.2 * fare, tf.int64)
    return outputs


def _dataset(files, accessor, graph, batch_size):
    options = tfxio.TensorFlowDatasetOptions(batch_size=batch_size, label_key=LABEL)
    schema = graph.transformed_metadata.schema
    return accessor.tf_dataset_factory(files, options, schema).repeat()


def _model(graph):
    inputs, parts = {}, []
    for name in (*NUMERIC, *COORDINATES):
        inputs[name] = tf.keras.Input((1,), name=name)
        parts.append(inputs[name])
    for name in CATEGORICAL:
        inputs[name] = tf.keras.Input((1,), name=name, dtype=tf.int64)
        size = graph.vocabulary_size_by_name(name) + 2
        embedded = tf.keras.layers.Embedding(size, 8)(inputs[name])
        parts.append(tf.keras.layers.Flatten()(embedded))
    hidden = tf.keras.layers.concatenate(parts)
    for units in (64, 32):
        hidden = tf.keras.layers.Dense(units, activation="relu")(hidden)
    output = tf.keras.layers.Dense(1, activation="sigmoid")(hidden)
    model = tf.keras.Model(inputs, output)
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return model


def run_fn(fn_args: tfx.components.FnArgs):
    graph = tft.TFTransformOutput(fn_args.transform_output)
    train = _dataset(fn_args.train_files, fn_args.data_accessor, graph, 40)
    evaluation = _dataset(fn_args.eval_files, fn_args.data_accessor, graph, 40)
    model = _model(graph)
    model.fit(
        train,
        steps_per_epoch=fn_args.train_steps,
        validation_data=evaluation,
        validation_steps=fn_args.eval_steps,
        verbose=0,
    )
    model.tft_layer = graph.transform_features_layer()

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
    def serve(serialized):
        spec = graph.raw_feature_spec()
        features = model.tft_layer(tf.io.parse_example(serialized, spec))
        features.pop(LABEL, None)
        return {
            "outputs": model({k: tf.reshape(v, [-1, 1]) for k, v in features.items()})
        }

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
    def transform_features(serialized):
        spec = graph.raw_feature_spec()
        return model.tft_layer(tf.io.parse_example(serialized, spec))

    signatures = {"serving_default": serve, "transform_features": transform_features}
    model.save(fn_args.serving_model_dir, save_format="tf", signatures=signatures)
