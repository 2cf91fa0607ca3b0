// What a person sees and hears during the check.

import { element } from "./views.js";
import { drawSign } from "./signs.js";
import { say } from "./speech.js";

/** What a pose's progress means: at .5 it is on target, at 1 it was held long enough. */
const POSES = new Set([
  "turn-left",
  "turn-right",
  "tilt-up",
  "tilt-down",
  "open-mouth",
  "smile",
  "squint",
]);

/** @type {Record<string, [number, string]>} From which progress on it is time to come back. */
const BACK = {
  "hand-left": [0.8, "Good. Take your hand away."],
  "hand-right": [0.8, "Good. Take your hand away."],
  "stand-up": [0.9, "Good. Sit down again."],
  "lean-in": [0.9, "Good. Lean back."],
};

export class Stage {
  #spoken = false;
  #action = "";
  #shown = "";
  /** @type {Animation | undefined} */
  #clock;

  /** @param {boolean} spoken Whether prompts are spoken, too. */
  begin(spoken) {
    this.#spoken = spoken;
    this.#guide("Getting ready…", "");
    element("prompt-text").textContent = "One moment";
    element("steps").replaceChildren();
    element("sign").replaceChildren();
    this.#progress(0);
  }

  /** Puts the window back as it was. */
  end() {
    this.#clock?.cancel();
    delete document.body.dataset.light;
    delete document.body.dataset.action;
    element("dot").hidden = true;
  }

  /** @param {import("./session.js").Prompt} prompt */
  prompt(prompt) {
    this.#action = prompt.action;
    document.body.dataset.action = prompt.action;
    delete document.body.dataset.light;
    element("dot").hidden = prompt.action !== "follow-dot";
    element("prompt-text").textContent = prompt.text;
    drawSign(element("sign"), prompt.action);
    this.#steps(prompt.step, prompt.steps);
    this.#progress(0);
    this.#guide(prompt.again ? "Once more, a little larger and slower." : "", "");
    this.#count(prompt.seconds);
    if (this.#spoken) say((prompt.again ? "Once more. " : "") + prompt.text);
  }

  /** @param {import("./session.js").Guidance} guidance */
  guidance({ reason, text, progress }) {
    this.#progress(progress);
    if (reason !== "ok") {
      this.#guide(text, "warn", true);
    } else if (POSES.has(this.#action)) {
      if (progress >= 1) this.#guide("Good. Now come back.", "go", true);
      else if (progress >= 0.5) this.#guide("Hold it.", "go");
      else if (progress > 0.15) this.#guide("A little further.", "");
    } else if (this.#action in BACK) {
      const [from, words] = BACK[this.#action];
      if (progress >= from) this.#guide(words, "go", true);
    } else if (this.#action === "look-straight") {
      this.#guide(progress > 0 ? "Good. Keep still." : "", "go");
    }
  }

  /** @param {{x: number, y: number}} dot x to the person's own left, y up, in [-1, 1]. */
  dot({ x, y }) {
    const dot = element("dot");
    const box = element("session").getBoundingClientRect();
    // Facing the screen, a person's left is the screen's.
    const across = -x * Math.min(box.width * 0.42, 420);
    const down = -y * Math.min(box.height * 0.3, 260);
    dot.style.transform = `translate(${across}px, ${down}px)`;
  }

  /** @param {{colour: string}} light */
  light({ colour }) {
    if (colour === "COLOUR_BLUE") document.body.dataset.light = "blue";
    else if (colour === "COLOUR_AMBER") document.body.dataset.light = "amber";
    else delete document.body.dataset.light;
  }

  /**
   * @param {number} step
   * @param {number} steps
   */
  #steps(step, steps) {
    const marks = Array.from({ length: steps }, (_, n) => {
      const mark = document.createElement("i");
      mark.className = n + 1 < step ? "done" : n + 1 === step ? "now" : "";
      return mark;
    });
    element("steps").replaceChildren(...marks);
    element("steps").setAttribute("aria-label", `Step ${step} of ${steps}`);
    element("steps").setAttribute("role", "img");
  }

  /** @param {number} share */
  #progress(share) {
    element("ring").style.strokeDasharray = `${Math.round(share * 100)} 100`;
    // A round end of no length would still be a dot.
    element("ring").classList.toggle("empty", share < 0.01);
  }

  /** @param {number} seconds */
  #count(seconds) {
    this.#clock?.cancel();
    this.#clock = element("timer").animate(
      [{ transform: "scaleX(1)" }, { transform: "scaleX(0)" }],
      { duration: seconds * 1000, fill: "forwards" },
    );
  }

  /**
   * @param {string} text
   * @param {"" | "go" | "warn"} tone
   * @param {boolean} [aloud] Whether it is worth saying.
   */
  #guide(text, tone, aloud = false) {
    if (text === this.#shown) return;
    this.#shown = text;
    const guide = element("guide");
    guide.textContent = text;
    guide.dataset.tone = tone;
    if (aloud && this.#spoken) say(text);
  }
}
