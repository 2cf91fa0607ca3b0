// Prompts read aloud by the browser's own voices.

/** @returns {boolean} Whether this browser can speak at all. */
export function canSpeak() {
  return "speechSynthesis" in globalThis;
}

/**
 * Says it now; what is still being said is broken off, as it is out of date.
 *
 * @param {string} text
 */
export function say(text) {
  if (!canSpeak() || !text) return;
  speechSynthesis.cancel();
  const words = new SpeechSynthesisUtterance(text);
  words.lang = "en";
  speechSynthesis.speak(words);
}
