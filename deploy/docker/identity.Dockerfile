# The identity service alone. Build from the repository's root:
#   docker build -f deploy/docker/identity.Dockerfile -t songreel-identity:0.1.0 .
ARG PYTHON=python:3.11.14-slim-bookworm

FROM ${PYTHON} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src
RUN python -m venv /opt/build && python -m venv --without-pip /opt/songreel
COPY deploy/docker/requirements/build.txt deploy/docker/requirements/identity.txt deploy/docker/requirements/identity-nodeps.txt requirements/
# For torch's CUDA libraries and the index of CPU builds see render.Dockerfile. mediapipe declares
# packages that it does not import, and a numpy older than it works with.
ARG TORCH_INDEX=
RUN /opt/build/bin/pip --python /opt/songreel install --no-cache-dir ${TORCH_INDEX:+--extra-index-url ${TORCH_INDEX}} -r requirements/identity.txt \
 && /opt/build/bin/pip --python /opt/songreel install --no-cache-dir --no-deps -r requirements/identity-nodeps.txt
COPY libs/contracts libs/contracts
COPY libs/kit libs/kit
COPY services/identity services/identity
RUN /opt/build/bin/pip install --no-cache-dir -r requirements/build.txt \
 && /opt/build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir wheels ./libs/contracts ./libs/kit ./services/identity \
 && /opt/build/bin/pip --python /opt/songreel install --no-cache-dir --no-deps --no-index wheels/*.whl \
 && ! /opt/build/bin/pip --python /opt/songreel check | grep -v "^mediapipe "
COPY deploy/docker/health.py /opt/songreel/bin/songreel-health

FROM ${PYTHON}
COPY --from=build /opt/songreel /opt/songreel
# The service writes only below /tmp, /cache and /data, so the root may be read-only.
ENV PATH=/opt/songreel/bin:/usr/local/bin:/usr/bin:/bin HOME=/tmp PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    MPLCONFIGDIR=/tmp/matplotlib
ENV SONGREEL_IDENTITY_BIND=0.0.0.0:50051 SONGREEL_IDENTITY_METRICS_PORT=9464 SONGREEL_DATA=/data SONGREEL_S3_CACHE=/cache
RUN mkdir /data /cache /keys && chown 10001:10001 /data /cache /keys && chmod 0755 /opt/songreel/bin/songreel-health
USER 10001:10001
WORKDIR /data
EXPOSE 50051 9464
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["songreel-health"]
ENTRYPOINT ["python", "-m", "songreel_identity"]
