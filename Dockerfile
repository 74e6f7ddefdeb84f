FROM python:3.13-slim
ENV PYTHONUNBUFFERED=1
WORKDIR /app
# requirements-vroom.lock: the same with an optional extra, see docs/dependencies.md.
ARG LOCK=requirements.lock
COPY ${LOCK} .
RUN pip install --no-cache-dir --only-binary :all: --require-hashes -r ${LOCK}
COPY . .
# With the manifest of production's static files; no address is contacted and no secret kept.
RUN STILLWATER_ENV=production SECRET_KEY=only-while-building python manage.py collectstatic --no-input \
    && useradd --system --create-home stillwater \
    && mkdir -p var/outbox && chown -R stillwater var
USER stillwater
