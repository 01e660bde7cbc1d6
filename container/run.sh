#!/bin/sh
# Runs the image of container/Containerfile: nothing but its two volumes can be written, and it may do nothing else.
#     container/run.sh [options of docker run]        such as --gpus all, --device /dev/video0 --group-add video
# ENGINE=podman takes another engine, CONFIG another folder with config.toml and secrets.
set -eu

engine=${ENGINE:-docker}
config=${CONFIG:-/etc/edgeact}

if [ ! -r "$config/config.toml" ]; then
    echo "there is no $config/config.toml; edgeact run --init > $config/config.toml writes an example" >&2
    exit 2
fi

exec "$engine" run --name edgeact --restart unless-stopped \
    --read-only --tmpfs /tmp:rw,nosuid,nodev,noexec,size=64m \
    --cap-drop ALL --security-opt no-new-privileges --pids-limit 512 \
    --stop-timeout 30 \
    --volume "$config:/etc/edgeact:ro" \
    --volume edgeact-state:/var/lib/edgeact \
    --publish 127.0.0.1:8750:8750 \
    "$@" edgeact
