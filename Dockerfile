FROM python:3.13-slim
ENV PYTHONUNBUFFERED=1
WORKDIR /app
COPY requirements.lock .
RUN pip install --no-cache-dir --only-binary :all: --require-hashes -r requirements.lock
COPY . .
# With the manifest of production's static files; no address is contacted and no secret kept.
RUN STILLWATER_ENV=production SECRET_KEY=only-while-building python manage.py collectstatic --no-input \
    && useradd --system --create-home stillwater \
    && mkdir -p var/outbox && chown -R stillwater var
USER stillwater
