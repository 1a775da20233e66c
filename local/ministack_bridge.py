"""Starts MiniStack, with a bridge over a gap of its CloudFormation. Runs as a program of its own, with `python -P`."""

from ministack.app import main
from ministack.services.cloudformation import provisioners

_record = provisioners._cw_metric_alarm_record


def _record_with_query(name: str, props: dict) -> dict:
    """Takes an alarm over a query, which MiniStack refuses, as one over a metric that has no values."""
    if query := props.get("Metrics"):
        alarm = {key: value for key, value in props.items() if key != "Metrics"}
        props = alarm | {"Namespace": "Query", "MetricName": query[0]["Id"], "Period": query[0].get("Period", 60)}
    return _record(name, props)


provisioners._cw_metric_alarm_record = _record_with_query

if __name__ == "__main__":
    main()
