"""An Apache Airflow provider: every action as a task, with its files and its money kept safe."""
