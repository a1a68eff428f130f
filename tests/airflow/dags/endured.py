"""Tasks that are killed: a job that is deferred, one that is waited for, and an answer that is slow."""

from datetime import timedelta

from airflow.sdk import DAG, Param

from connector.airflow.operators import InvokeOperator, JobOperator

PROMPT = {"prompt": "{{ dag.dag_id }}"}
IMAGE = {"image": "{{ params.image }}"}
TOLD = {"params": {"image": Param("", type="string"), "out": Param("", type="string")}, "schedule": None}
AGAIN = {
    "retries": 2,
    "retry_delay": timedelta(seconds=0),
    "target": "{{ params.out }}",
    "connector_conn_id": "far",
}

with DAG("deferred", default_args=AGAIN, **TOLD):
    JobOperator(task_id="task", action="start-creative-upscale", arguments=PROMPT | IMAGE)

with DAG("waited", default_args=AGAIN, **TOLD):
    InvokeOperator(task_id="task", action="start-creative-upscale", arguments=PROMPT | IMAGE)

with DAG("slow", default_args=AGAIN, **TOLD):
    InvokeOperator(task_id="task", action="stable-image-core", arguments=PROMPT)
