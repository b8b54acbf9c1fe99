# The application for production; PostgreSQL and Redis are servers of their own (compose.yaml).
FROM python:3.12-slim AS build
WORKDIR /app
COPY requirements.txt .
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes -r requirements.txt

FROM python:3.12-slim
RUN useradd --system --create-home sbrtspine
WORKDIR /app
COPY --from=build /venv /venv
COPY . .
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 SBRTSPINE_STATE=/state
# Static files are named by their content: the same for every start of one image.
RUN mkdir /state && chown sbrtspine /state \
 && SECRET_KEY=for-collecting-files-alone SBRTSPINE_STATE=/tmp python manage.py collectstatic --no-input
USER sbrtspine
VOLUME /state
EXPOSE 8000
CMD ["gunicorn", "sbrtspine.wsgi", "--bind", "0.0.0.0:8000", "--workers", "3"]
