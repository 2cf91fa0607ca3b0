// One enrolment over the WebSocket: frames out, prompts and an end in.

import { Refusal } from "./api.js";

/**
 * @typedef {object} Prompt
 * @property {string} action
 * @property {string} text
 * @property {number} seconds
 * @property {number} step
 * @property {number} steps
 * @property {boolean} again
 * @property {ProgressHint[]} [hints]
 *
 * @typedef {object} ProgressHint
 * @property {number} fromProgress
 * @property {string} text
 * @property {boolean} good
 * @property {boolean} spoken
 *
 * @typedef {object} Guidance
 * @property {string} reason
 * @property {string} text
 * @property {number} progress
 *
 * @typedef {object} Outcome
 * @property {"VERDICT_PASS" | "VERDICT_FAIL" | "VERDICT_INCONCLUSIVE"} verdict
 * @property {string} reason
 * @property {string} advice
 *
 * @typedef {object} Hears
 * @property {(prompt: Prompt) => void} prompt
 * @property {(guidance: Guidance) => void} guidance
 * @property {(dot: {x: number, y: number}) => void} dot
 * @property {(light: {colour: string}) => void} light
 */

// More unsent bytes than this and a frame is left out: late frames are worth nothing.
const WAITING = 400_000;

const CLOSED = {
  1009: "A picture was too large for the server: use another camera.",
  1013: "The server has no room now: try again in a minute.",
};

export class Session {
  /** @type {WebSocket} */
  #socket;
  /** @type {(end: Outcome) => void} */
  #resolve = () => {};
  /** @type {(problem: Refusal) => void} */
  #reject = () => {};

  /**
   * @param {string} url
   * @param {{nonce: string, ways: string[]}} start
   * @param {string} authorization
   * @param {Hears} hears
   */
  constructor(url, start, authorization, hears) {
    /** @type {Promise<Outcome>} */
    this.end = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#socket = new WebSocket(url);
    this.#socket.onopen = () => this.#socket.send(JSON.stringify({ start, authorization }));
    this.#socket.onmessage = (event) => this.#hear(JSON.parse(event.data), hears);
    this.#socket.onclose = ({ code }) => {
      const message = CLOSED[/** @type {keyof typeof CLOSED} */ (code)];
      this.#reject(new Refusal("CLOSED", message ?? "The connection broke: try again."));
    };
  }

  /**
   * @param {Blob} jpeg
   * @param {number} time Whole ms, rising.
   */
  send(jpeg, time) {
    const socket = this.#socket;
    if (socket.readyState !== WebSocket.OPEN || socket.bufferedAmount > WAITING) return;
    const taken = new DataView(new ArrayBuffer(8));
    taken.setBigInt64(0, BigInt(time));
    socket.send(new Blob([taken, jpeg]));
  }

  /** Leaves; the try counts all the same. */
  leave() {
    this.#reject(new Refusal("LEFT", "You stopped the check. Nothing of it was kept."));
    this.#socket.close();
  }

  /**
   * @param {any} said
   * @param {Hears} hears
   */
  #hear(said, hears) {
    if (said.prompt) hears.prompt(said.prompt);
    else if (said.guidance) hears.guidance(said.guidance);
    else if (said.dot) hears.dot(said.dot);
    else if (said.light) hears.light(said.light);
    else if (said.outcome) this.#resolve(said.outcome);
    else if (said.error) this.#reject(new Refusal(said.error.reason, said.error.message));
  }
}
