# The render service alone. Build from the repository's root:
#   docker build -f deploy/docker/render.Dockerfile -t songreel-render:0.1.0 .
ARG PYTHON=python:3.11.14-slim-bookworm

FROM ${PYTHON} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src
RUN python -m venv /opt/build && python -m venv --without-pip /opt/songreel
COPY deploy/docker/requirements/build.txt deploy/docker/requirements/render.txt requirements/
# The registry's torch brings CUDA; torch pins those libraries itself, so the requirements file
# does not list them. With an index of CPU builds the image is several GB smaller.
ARG TORCH_INDEX=
RUN /opt/build/bin/pip --python /opt/songreel install --no-cache-dir ${TORCH_INDEX:+--extra-index-url ${TORCH_INDEX}} -r requirements/render.txt
COPY libs/contracts libs/contracts
COPY libs/kit libs/kit
COPY libs/animatic libs/animatic
COPY services/render services/render
RUN /opt/build/bin/pip install --no-cache-dir -r requirements/build.txt \
 && /opt/build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir wheels ./libs/contracts ./libs/kit ./libs/animatic ./services/render \
 && /opt/build/bin/pip --python /opt/songreel install --no-cache-dir --no-deps --no-index wheels/*.whl \
 && /opt/build/bin/pip --python /opt/songreel check
COPY deploy/docker/health.py /opt/songreel/bin/songreel-health

FROM ${PYTHON}
# The animatic is drawn by skia, whose wheel looks for them even where no GPU draws.
RUN apt-get update && apt-get install -y --no-install-recommends libegl1 libgl1 && rm -rf /var/lib/apt/lists/*
COPY --from=build /opt/songreel /opt/songreel
# The embedded checkpoint; others come on a volume.
COPY models/sprout /models/sprout
ENV SONGREEL_RENDER_CHECKPOINT=/models/sprout
# The service writes only below /tmp, /cache and /data, so the root may be read-only.
ENV PATH=/opt/songreel/bin:/usr/local/bin:/usr/bin:/bin HOME=/tmp PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    MPLCONFIGDIR=/tmp/matplotlib
ENV SONGREEL_RENDER_BIND=0.0.0.0:50051 SONGREEL_RENDER_METRICS_PORT=9464 SONGREEL_DATA=/data SONGREEL_S3_CACHE=/cache
RUN mkdir /data /cache && chown 10001:10001 /data /cache && chmod 0755 /opt/songreel/bin/songreel-health
USER 10001:10001
WORKDIR /data
EXPOSE 50051 9464
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["songreel-health"]
ENTRYPOINT ["python", "-m", "songreel_render"]
