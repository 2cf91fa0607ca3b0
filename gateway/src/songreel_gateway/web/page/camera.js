// The camera: opened, checked, and turned into JPEG frames.

import { Refusal } from "./api.js";

const FRAMES_PER_SECOND = 15;
const JPEG_QUALITY = 0.85;
const HEIGHT = 480;

/** @returns {Promise<MediaStream>} */
export async function openCamera() {
  if (!navigator.mediaDevices?.getUserMedia) {
    throw new Refusal("NO_CAMERA", "This browser gives no camera to this page: use https.");
  }
  try {
    return await navigator.mediaDevices.getUserMedia({
      audio: false,
      video: {
        width: { ideal: 640 },
        height: { ideal: HEIGHT },
        frameRate: { ideal: 30 },
        facingMode: "user",
      },
    });
  } catch (error) {
    const name = error instanceof DOMException ? error.name : "";
    const advice = {
      NotAllowedError: "The camera is not allowed: allow it beside the address, then try again.",
      NotFoundError: "No camera was found: connect one, then try again.",
      NotReadableError: "The camera is in use: close the program that has it, then try again.",
    }[name];
    throw new Refusal("NO_CAMERA", advice ?? `The camera cannot be used: ${error}`);
  }
}

/**
 * Calls back for each new picture of a video until told to stop.
 *
 * @param {HTMLVideoElement} video
 * @param {(time: number) => void} seen Capture time in ms, on the browser's clock.
 * @returns {() => void} Stops it.
 */
export function onEachFrame(video, seen) {
  let going = true;
  /** @type {VideoFrameRequestCallback} */
  const next = (now, frame) => {
    if (!going) return;
    seen(frame.captureTime ?? now);
    video.requestVideoFrameCallback(next);
  };
  video.requestVideoFrameCallback(next);
  return () => {
    going = false;
  };
}

/** Measures what can be known of a camera before anything is sent. */
export class CameraCheck {
  #canvas = document.createElement("canvas");
  /** @type {number[]} */
  #times = [];
  light = 0;

  /** @param {HTMLVideoElement} video */
  constructor(video) {
    this.#canvas.width = 32;
    this.#canvas.height = 24;
    this.video = video;
    this.stop = onEachFrame(video, (time) => this.#see(time));
  }

  /** Pictures a second over the last ones; 0 while there are too few. */
  get rate() {
    const times = this.#times;
    const span = times[times.length - 1] - times[0];
    return times.length < 8 ? 0 : (1000 * (times.length - 1)) / span;
  }

  /** @param {number} time */
  #see(time) {
    this.#times.push(time);
    if (this.#times.length > 30) this.#times.shift();
    const drawing = this.#canvas.getContext("2d", { willReadFrequently: true });
    if (!drawing) return;
    drawing.drawImage(this.video, 0, 0, 32, 24);
    // The middle, where the face is.
    const { data } = drawing.getImageData(8, 4, 16, 16);
    let sum = 0;
    for (let i = 0; i < data.length; i += 4) {
      sum += 0.299 * data[i] + 0.587 * data[i + 1] + 0.114 * data[i + 2];
    }
    this.light = sum / (data.length / 4);
  }
}

/**
 * Sends JPEG frames of a video, at most `FRAMES_PER_SECOND` a second; a frame that comes while the
 * one before is still being made is left out.
 *
 * @param {HTMLVideoElement} video
 * @param {(jpeg: Blob, time: number) => void} send
 * @returns {() => void} Stops it.
 */
export function sendFrames(video, send) {
  const canvas = document.createElement("canvas");
  let last = -Infinity;
  let busy = false;
  return onEachFrame(video, (time) => {
    if (busy || time - last < 1000 / FRAMES_PER_SECOND - 4 || !video.videoWidth) return;
    const scale = Math.min(1, HEIGHT / Math.min(video.videoHeight, video.videoWidth));
    canvas.width = Math.round(video.videoWidth * scale);
    canvas.height = Math.round(video.videoHeight * scale);
    // Not mirrored: left and right are the person's own.
    canvas.getContext("2d")?.drawImage(video, 0, 0, canvas.width, canvas.height);
    const taken = Math.max(Math.round(time), Math.round(last) + 1);
    last = taken;
    busy = true;
    canvas.toBlob(
      (jpeg) => {
        busy = false;
        if (jpeg) send(jpeg, taken);
      },
      "image/jpeg",
      JPEG_QUALITY,
    );
  });
}
