"""Read by gunicorn when it is started in this folder."""

logger_class = "sbrtspine.web_log.Logger"
