# syntax=docker/dockerfile:1
# Built from the lock file with hashes; what runs has no compiler, no pip cache, and is not root.
FROM python:3.11-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/lumenward
COPY requirements.lock /build/
RUN /opt/lumenward/bin/pip install --require-hashes -r /build/requirements.lock
COPY pyproject.toml README.md LICENSE /build/
COPY vocabulary /build/vocabulary
COPY device_drivers /build/device_drivers
COPY clinical /build/clinical
COPY firmware_bridge /build/firmware_bridge
COPY gateway /build/gateway
COPY monitor_api /build/monitor_api
COPY alerts /build/alerts
COPY lumenward /build/lumenward
RUN /opt/lumenward/bin/pip install --no-deps --no-build-isolation /build

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /data --create-home lumenward
COPY --from=build /opt/lumenward /opt/lumenward
ENV PATH=/opt/lumenward/bin:$PATH PYTHONUNBUFFERED=1
USER 10001:10001
WORKDIR /data
EXPOSE 8080
ENTRYPOINT []
CMD ["lumenward", "--help"]
