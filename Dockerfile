# voice_assets in a container. The project's folder is mounted: voices/, datasets/, artifacts/ and .dagster/ stay outside. It need
# not be a checkout: where it has no dagster.yaml or workspace.yaml, those of the image count.
#
#   docker build --tag voice-assets .
#   docker run --rm --init --network host --user "$(id -u):$(id -g)" --volume "$PWD:/project" voice-assets run felix_mirage
#
# `--network host`: the UI listens on 127.0.0.1 only, and needs no open port then. GPUs: add `--gpus all`.
# Secrets are given when the container runs (`--env AWS_SECRET_ACCESS_KEY`), never when the image is built.
FROM python:3.11-slim-bookworm

ENV PYTHONUNBUFFERED=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    GX_ANALYTICS_ENABLED=false

# git makes the tag of a release, and numba asks for libgomp. No other package is linked to more than the C and C++ libraries and
# zlib, which the base image has.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends git libgomp1 \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /opt/voice_assets

# The packages change seldom and take minutes, so they are a layer of their own, made as `make setup` makes the environment. For a
# machine without a GPU, PIP_EXTRA_INDEX_URL may name PyTorch's index of wheels for the CPU; the image is smaller then.
ARG PIP_EXTRA_INDEX_URL=""
COPY requirements.lock ./
RUN pip install --no-deps --requirement requirements.lock \
    && pip install "$(grep '^torch==' requirements.lock)"

COPY pyproject.toml README.md LICENSE dagster.yaml workspace.yaml ./
COPY data_checks ./data_checks
COPY voice_assets ./voice_assets
RUN pip install --no-deps --no-build-isolation --editable .

# A user with any number can run this: caches go to the mounted project, and git takes a folder of another owner.
ENV VOICE_ASSETS_ROOT=/project \
    HOME=/tmp
RUN git config --system --add safe.directory /project \
    && useradd --create-home --uid 1000 voices
USER 1000
VOLUME /project
WORKDIR /project
ENTRYPOINT ["voice-assets"]
CMD ["--help"]
