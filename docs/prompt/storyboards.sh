#!/bin/sh
# Writes the storyboards in this folder and draws a contact sheet of each.
#
#   docs/prompt/storyboards.sh FOLDER_OF_SONGS [option of `songreel render` ...]
#
# The folder holds lets-go-fishin.ogg, vibe-ace.ogg and hungarian-dance-5.ogg; songs that are not
# there are left out. Two frames a second are enough for a sheet, which shows one of each scene.
set -eu
music=$1
shift
cd "$(dirname "$0")/../.."
songreel=.venv/bin/songreel
out=out/prompt
boards=docs/prompt/storyboards
mkdir -p "$out" "$boards"
for song in demo/song.mp3 "$music"/lets-go-fishin.ogg "$music"/vibe-ace.ogg \
    "$music"/hungarian-dance-5.ogg; do
    [ -f "$song" ] || continue
    name=$(basename "${song%.*}")
    [ "$song" = demo/song.mp3 ] && name=demo
    "$songreel" analyze "$song" --asr none -o "$out/$name.json"
    "$songreel" storyboard "$out/$name.json" -o "$boards/$name.yaml"
    "$songreel" render "$song" --analysis "$out/$name.json" --storyboard "$boards/$name.yaml" \
        --fps 2 -o "$out/$name.mp4" "$@"
    .venv/bin/python -c 'import sys; from PIL import Image
Image.open(sys.argv[1]).convert("RGB").save(sys.argv[2], quality=80)' \
        "$out/$name.storyboard.png" "$boards/$name.jpg"
done
