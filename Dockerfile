FROM python:3.12-slim
# OpenCV's wheel wants these two.
RUN apt-get update && apt-get install -y --no-install-recommends libgl1 libglib2.0-0 && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 1000 demo
WORKDIR /home/demo/app
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
COPY app.py .
COPY assets assets
COPY meitu_demo meitu_demo
USER demo
ENV GRADIO_SERVER_NAME=0.0.0.0 GRADIO_SERVER_PORT=7860 PYTHONUNBUFFERED=1
EXPOSE 7860
STOPSIGNAL SIGTERM
CMD ["python", "app.py"]
