"""A picture is made, and made larger and richer by a job, in Airflow."""

from datetime import timedelta

from airflow.sdk import DAG, Param

from connector.airflow.operators import InvokeOperator, JobOperator

with DAG(
    "enlarged_picture",
    schedule=None,
    params={"prompt": Param("a paper boat on a pond"), "out": Param("out/airflow/")},
    default_args={
        "retries": 2,
        "retry_delay": timedelta(seconds=30),
        "connector_conn_id": "connector_default",
    },
):
    picture = InvokeOperator(
        task_id="picture",
        action="stable-diffusion-3",
        arguments={"prompt": "{{ params.prompt }}", "output_format": "png"},
        target="{{ params.out }}",
    )
    JobOperator(
        task_id="enlarged",
        action="start-creative-upscale",
        arguments={"prompt": "{{ params.prompt }}", "image": picture.output},
        target="{{ params.out }}",
    )
