"""What this process counts and times itself."""

from __future__ import annotations

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.process_collector import ProcessCollector

import qyran

PROCESS: Final = CollectorRegistry()
"""Of this process; resident memory, open files and processor time too."""
ProcessCollector(registry=PROCESS)

REQUEST_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds in which a request is answered; half a second is what the consoles promise."""
DELAY_S: Final = (0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 30.0, 60.0, 300.0, 3600.0)
"""Seconds between a happening and what came of it; two seconds is what an alarm may take."""
ANSWER_S: Final = (10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0)
"""Seconds a person takes."""
STEP_S: Final = (0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 300.0)
"""Seconds a background step takes."""

BUILD: Final = Gauge("qyran_build_info", "The running version; always 1.", ["version"], registry=PROCESS)
BUILD.labels(qyran.__version__).set(1)

REQUESTS: Final = Counter(
    "qyran_http_requests_total", "Requests answered.", ["method", "route", "status"], registry=PROCESS
)
REQUEST_SECONDS: Final = Histogram(
    "qyran_http_request_seconds",
    "Time from a request to the end of its answer; streams are not counted.",
    ["method", "route"],
    buckets=REQUEST_S,
    registry=PROCESS,
)
REQUESTS_NOW: Final = Gauge("qyran_http_requests_now", "Requests being answered, streams included.", registry=PROCESS)

EVENTS: Final = Counter(
    "qyran_events_total", "Events taken from the spool.", ["type", "outcome"], registry=PROCESS
)  # fmt: skip
EVENT_DELAY: Final = Histogram(
    "qyran_event_delay_seconds",
    "Time from a camera's decision to the stored event.",
    ["type"],
    buckets=DELAY_S,
    registry=PROCESS,
)
ALERT_TO_CONSOLE: Final = Histogram(
    "qyran_alert_to_console_seconds",
    "Time from detection to the commit that shows an alert on the consoles.",
    ["type"],
    buckets=DELAY_S,
    registry=PROCESS,
)
ALERT_TO_ANSWER: Final = Histogram(
    "qyran_alert_to_answer_seconds",
    "Time from raising an alert to its acknowledgement by a person.",
    ["type"],
    buckets=ANSWER_S,
    registry=PROCESS,
)
STEPS: Final = Counter(
    "qyran_record_steps_total", "Changes of state that were stored.", ["record", "target"], registry=PROCESS
)

JOB_SECONDS: Final = Histogram(
    "qyran_job_seconds", "Time a background step took.", ["task"], buckets=STEP_S, registry=PROCESS
)
JOB_FAILURES: Final = Counter("qyran_job_failures_total", "Background steps that failed.", ["task"], registry=PROCESS)
JOB_SUCCESS: Final = Gauge(
    "qyran_job_last_success_seconds", "Unix time of a background step's last success.", ["task"], registry=PROCESS
)
RESTARTS: Final = Counter(
    "qyran_worker_restarts_total", "Camera processes that ended by themselves.", ["camera"], registry=PROCESS
)
VIDEO_STORED: Final = Counter(
    "qyran_video_stored_bytes_total", "Recorded video put into the object store.", registry=PROCESS
)
VIDEO_WAITING: Final = Gauge(
    "qyran_video_waiting_segments", "Segments that are not in the object store yet.", registry=PROCESS
)
UNSEEN: Final = Counter(
    "qyran_metrics_failures_total",
    "Figures that could not be had when they were asked for.",
    ["part"],
    registry=PROCESS,
)
