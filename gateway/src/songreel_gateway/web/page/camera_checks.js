// The list of what was checked before anything is sent.

import { button } from "./views.js";

/**
 * Shows what is known of the camera, and lets the person go on once it sends pictures.
 *
 * @param {import("./camera.js").CameraCheck} found
 * @param {MediaStream | undefined} camera
 */
export function showChecks({ video, rate, light }, camera) {
  const small = Math.min(video.videoWidth, video.videoHeight) < 360;
  /** @type {[string, string, string][]} */
  const lines = [
    ["camera", camera?.getVideoTracks()[0]?.label || "on", "good"],
    ["size", `${video.videoWidth} × ${video.videoHeight}`, small ? "warn" : "good"],
    ["rate", ...describeRate(rate)],
    ["light", ...(light < 45 ? ["too dark: add light in front", "warn"] : ["fine", "good"])],
  ].map(([name, value, state]) => [name, value, video.videoWidth ? state : ""]);
  for (const [name, value, state] of lines) {
    const line = document.querySelector(`[data-check="${name}"]`);
    if (!(line instanceof HTMLElement) || line.dataset.shown === value + state) continue;
    line.dataset.shown = value + state;
    line.dataset.state = state;
    const shown = document.createElement("b");
    shown.textContent = value;
    line.querySelector("b")?.remove();
    line.append(shown);
  }
  // Once enabled it stays so: a button that comes and goes takes the focus with it.
  if (video.videoWidth && rate) button("check-go").disabled = false;
}

/**
 * @param {number} rate
 * @returns {[string, string]}
 */
function describeRate(rate) {
  if (!rate) return ["…", ""];
  if (rate < 10) return [`${rate.toFixed(0)}: too few, close other programs`, "warn"];
  return [rate.toFixed(0), "good"];
}
