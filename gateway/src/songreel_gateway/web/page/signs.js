// A small drawing for each action, as the person sees it in a mirror.

const SVG = "http://www.w3.org/2000/svg";
const INK = "#1c1a25";
const ACCENT = "#4b33d1";

const HEAD = "M50 14c18 0 28 14 28 34s-12 38-28 38-28-18-28-38 10-34 28-34z";
const EYES = "M39 45v3M61 45v3";
const MOUTH = "M42 66c5 4 11 4 16 0";

/** @type {Record<string, [string, string][]>} Paths and their colours. */
const SIGNS = {
  "look-straight": [[HEAD, INK], [EYES, INK], [MOUTH, INK], [
    "M8 22V8h14M78 8h14v14M92 78v14H78M22 92H8V78",
    ACCENT,
  ]],
  "turn-left": [[HEAD, INK], ["M30 45v3M48 45v3", INK], ["M31 66c4 4 9 4 13 0", INK], [
    "M16 50H2m6-7-6 7 6 7",
    ACCENT,
  ]],
  "turn-right": [[HEAD, INK], ["M52 45v3M70 45v3", INK], ["M56 66c4 4 9 4 13 0", INK], [
    "M84 50h14m-6-7 6 7-6 7",
    ACCENT,
  ]],
  "tilt-up": [[HEAD, INK], ["M39 34v3M61 34v3", INK], ["M42 54c5 4 11 4 16 0", INK], [
    "M90 40V18m-7 7 7-7 7 7",
    ACCENT,
  ]],
  "tilt-down": [[HEAD, INK], ["M39 56v3M61 56v3", INK], ["M43 75c4 3 10 3 14 0", INK], [
    "M90 50v22m-7-7 7 7 7-7",
    ACCENT,
  ]],
  "open-mouth": [[HEAD, INK], [EYES, INK], [
    "M50 58c7 0 9 5 9 10s-2 11-9 11-9-6-9-11 2-10 9-10z",
    ACCENT,
  ]],
  "smile": [[HEAD, INK], [EYES, INK], ["M37 60h26c0 9-5 15-13 15s-13-6-13-15zM41 66h18", ACCENT]],
  "squint": [[HEAD, INK], [MOUTH, INK], ["M34 44l10 3-10 3M66 44l-10 3 10 3", ACCENT]],
  "follow-dot": [[HEAD, INK], [EYES, INK], [MOUTH, INK], ["M50 50v8", INK], [
    "M4 74c12 20 40 26 64 12M86 70a7 7 0 1 1-.1 0z",
    ACCENT,
  ]],
  "light": [[HEAD, INK], [EYES, INK], [MOUTH, INK], [
    "M6 20h9M6 50h9M6 80h9M85 20h9M85 50h9M85 80h9",
    ACCENT,
  ]],
  "hand-left": [[HEAD, INK], ["M61 45v3", INK], [
    "M22 88V50m0-4V30m8 18V24m8 24V26m8 24V32m0 18v16c0 10-6 16-12 22M22 50l-7-9",
    ACCENT,
  ]],
  "hand-right": [[HEAD, INK], ["M39 45v3", INK], [
    "M78 88V50m0-4V30m-8 18V24m-8 24V26m-8 24V32m0 18v16c0 10 6 16 12 22M78 50l7-9",
    ACCENT,
  ]],
  "stand-up": [["M50 30a10 10 0 1 0-.1 0zM34 92V62c0-12 6-18 16-18s16 6 16 18v30", INK], [
    "M86 80V30m-7 7 7-7 7 7",
    ACCENT,
  ]],
  "lean-in": [["M50 26c12 0 18 9 18 22s-8 24-18 24-18-11-18-24 6-22 18-22z", INK], [
    "M6 6l16 16m0-11v11H11M94 6L78 22m0-11v11h11M6 94l16-16m0 11V78H11M94 94L78 78m0 11V78h11",
    ACCENT,
  ]],
};

/**
 * @param {HTMLElement} into
 * @param {string} action
 */
export function drawSign(into, action) {
  const drawing = document.createElementNS(SVG, "svg");
  drawing.setAttribute("viewBox", "-2 -2 104 104");
  for (const [path, colour] of SIGNS[action] ?? []) {
    const line = document.createElementNS(SVG, "path");
    line.setAttribute("d", path);
    line.setAttribute("stroke", colour);
    line.setAttribute("fill", "none");
    line.setAttribute("stroke-width", "5");
    line.setAttribute("stroke-linecap", "round");
    line.setAttribute("stroke-linejoin", "round");
    drawing.append(line);
  }
  into.replaceChildren(drawing);
}
