"""The one task that the queues know: run the job of this number."""

from django_tasks import task

from apps.jobs import running


@task()
def run_job(pk: int) -> str:
    """Do the work; the state the job ends in."""
    return running.run(pk)
