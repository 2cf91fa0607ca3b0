# The score service alone. Build from the repository's root:
#   docker build -f deploy/docker/score.Dockerfile -t songreel-score:0.1.0 .
ARG PYTHON=python:3.11.14-slim-bookworm

FROM ${PYTHON} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src
RUN python -m venv /opt/build && python -m venv --without-pip /opt/songreel
COPY deploy/docker/requirements/build.txt deploy/docker/requirements/score.txt deploy/docker/requirements/score-nodeps.txt requirements/
# scenedetect declares the OpenCV with windows, tinysoundfont PyAudio; neither is imported.
RUN /opt/build/bin/pip --python /opt/songreel install --no-cache-dir --no-deps -r requirements/score.txt -r requirements/score-nodeps.txt
COPY libs/contracts libs/contracts
COPY libs/kit libs/kit
COPY services/score services/score
RUN /opt/build/bin/pip install --no-cache-dir -r requirements/build.txt \
 && /opt/build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir wheels ./libs/contracts ./libs/kit ./services/score \
 && /opt/build/bin/pip --python /opt/songreel install --no-cache-dir --no-deps --no-index wheels/*.whl \
 && ! /opt/build/bin/pip --python /opt/songreel check | grep -v "^scenedetect \|^tinysoundfont "
COPY deploy/docker/health.py /opt/songreel/bin/songreel-health

FROM ${PYTHON}
COPY --from=build /opt/songreel /opt/songreel
# The service writes only below /tmp, /cache and /data, so the root may be read-only.
ENV PATH=/opt/songreel/bin:/usr/local/bin:/usr/bin:/bin HOME=/tmp PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    MPLCONFIGDIR=/tmp/matplotlib
ENV SONGREEL_SCORE_BIND=0.0.0.0:50051 SONGREEL_SCORE_METRICS_PORT=9464 SONGREEL_DATA=/data SONGREEL_S3_CACHE=/cache
RUN mkdir /data /cache && chown 10001:10001 /data /cache && chmod 0755 /opt/songreel/bin/songreel-health
USER 10001:10001
WORKDIR /data
EXPOSE 50051 9464
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["songreel-health"]
ENTRYPOINT ["python", "-m", "songreel_score"]
