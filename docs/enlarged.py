"""A picture is made, and made larger and richer by a job."""

from datetime import timedelta

from airflow.sdk import DAG

from connector.airflow.operators import InvokeOperator, JobOperator

AGAIN = {"retries": 2, "retry_delay": timedelta(minutes=1)}

with DAG("enlarged_picture", params={"prompt": "a paper boat", "out": "out/"}, default_args=AGAIN):
    picture = InvokeOperator(
        task_id="picture",
        action="stable-diffusion-3",
        arguments={"prompt": "{{ params.prompt }}", "model": "sd3.5-flash"},
        target="{{ params.out }}",
    )
    JobOperator(
        task_id="enlarged",
        action="start-creative-upscale",
        arguments={"prompt": "{{ params.prompt }}", "image": picture.output},
        target="{{ params.out }}",
    )
