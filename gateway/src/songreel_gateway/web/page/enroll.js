// The page: who, consent, camera check, session, result; and what is kept of a person.
//
// /enroll?identity=NAME[&project=PROJECT][#token=TOKEN]

import { Api, Refusal } from "./api.js";
import { CameraCheck, openCamera, sendFrames } from "./camera.js";
import { showChecks } from "./camera_checks.js";
import { EnrollmentSession } from "./enrollment_session.js";
import { SessionView } from "./session_view.js";
import { canSpeak, say } from "./speech.js";
import { button, day, element, show, showFacts, showMarkdown } from "./views.js";

const asked = new URLSearchParams(location.search);
const secret = new URLSearchParams(location.hash.slice(1));
// The token came behind a #, which no server sees; nor shall anybody who looks.
if (location.hash) history.replaceState(null, "", location.pathname + location.search);

const api = new Api(asked.get("project") ?? "local", secret.get("token") ?? "");
const sessionView = new SessionView();
const NAME_PATTERN = /^[a-z]([a-z0-9-]*[a-z0-9])?$/;

let identity = asked.get("identity") ?? "";
/** @type {import("./api.js").ConsentText | undefined} */
let consentText;
/** @type {MediaStream | undefined} */
let camera;
/** @type {CameraCheck | undefined} */
let cameraCheck;
/** @type {EnrollmentSession | undefined} */
let session;

/**
 * Runs what a button asks for; what goes wrong is shown.
 *
 * @param {() => Promise<void> | void} work
 */
async function attempt(work) {
  try {
    await work();
  } catch (error) {
    closeCamera();
    sessionView.end();
    element("trouble-text").textContent = error instanceof Refusal
      ? error.message
      : `This page failed: ${error}`;
    show("trouble");
  }
}

async function begin() {
  if (!NAME_PATTERN.test(identity)) return askName();
  document.title = `${identity} · songreel`;
  const known = await api.find(identity);
  if (known?.state === "STATE_ENROLLED") return showKnown(known);
  if (known?.state === "STATE_CONSENTED") return checkCamera();
  return askConsent();
}

async function askName() {
  const { identities = [] } = await api.list();
  const people = identities.map((each) => {
    const name = each.name.split("/").pop() ?? "";
    const line = document.createElement("li");
    const link = document.createElement("a");
    link.href = `?${new URLSearchParams({ ...Object.fromEntries(asked), identity: name })}`;
    const state = document.createElement("small");
    state.textContent = each.state.replace("STATE_", "").toLowerCase();
    link.append(name, state);
    line.append(link);
    return line;
  });
  element("people").hidden = !people.length;
  element("people-list").replaceChildren(...people);
  show("name");
}

async function askConsent() {
  consentText = await api.consentText();
  showMarkdown(element("consent-words"), consentText.text);
  element("consent-version").textContent = `Version ${consentText.version}`;
  box("consent-box").checked = false;
  button("consent-go").disabled = true;
  show("consent");
}

async function consent() {
  if (!consentText) return askConsent();
  await api.consent(identity, consentText);
  return checkCamera();
}

async function checkCamera() {
  const note = element("voice-note");
  if (!canSpeak()) note.textContent = "this browser has no voice: prompts stay written";
  button("check-go").disabled = true;
  show("check");
  camera = await openCamera();
  const video = media("check-video");
  video.srcObject = camera;
  cameraCheck = new CameraCheck(video);
  await new Promise((resolve) => {
    const look = () => {
      if (!cameraCheck) return resolve(null);
      showChecks(cameraCheck, camera);
      return setTimeout(look, 250);
    };
    look();
  });
}

async function enroll() {
  cameraCheck?.stop();
  cameraCheck = undefined;
  if (!camera) return checkCamera();
  const ways = [...document.querySelectorAll("[data-way]")].flatMap((each) =>
    each instanceof HTMLInputElement && each.checked && each.dataset.way ? [each.dataset.way] : []
  );
  const spoken = ways.includes("spoken");
  const video = media("session-video");
  video.srcObject = camera;
  sessionView.begin(spoken);
  show("session");
  const { nonce } = await api.open(identity);
  session = new EnrollmentSession(api.socket(identity), { nonce, ways }, api.authorization, {
    prompt: (prompt) => sessionView.prompt(prompt),
    guidance: (guidance) => sessionView.guidance(guidance),
    dot: (dot) => sessionView.dot(dot),
    light: (light) => sessionView.light(light),
  });
  const current = session;
  const stop = sendFrames(video, (jpeg, time) => current.send(jpeg, time));
  try {
    showOutcome(await current.end, spoken);
  } finally {
    session = undefined;
    stop();
    sessionView.end();
    closeCamera();
  }
}

/**
 * @param {import("./enrollment_session.js").Outcome} outcome
 * @param {boolean} spoken
 */
function showOutcome({ verdict, reason, advice }, spoken) {
  const [title, mark, tone] = {
    VERDICT_PASS: ["You are enrolled", "✓", "good"],
    VERDICT_FAIL: ["The check did not pass", "×", "bad"],
    VERDICT_INCONCLUSIVE: ["We could not tell", "?", "warn"],
  }[verdict];
  const passed = verdict === "VERDICT_PASS";
  element("result-badge").className = `badge ${tone}`;
  element("result-badge").textContent = mark;
  element("result-title").textContent = title;
  element("result-advice").textContent = passed
    ? "Seven pictures of you are kept, encrypted. Your videos can show you now."
    : advice;
  element("result-note").textContent = passed
    ? "You can withdraw or erase at any time."
    : "Nothing of this try was kept.";
  element("result").dataset.reason = reason;
  button("result-again").hidden = passed;
  button("result-known").textContent = passed ? "What is kept" : "Your consent";
  show("result");
  if (spoken) say(`${title}. ${element("result-advice").textContent}`);
}

/** @param {import("./api.js").Identity} known */
function showKnown(known) {
  const withdrawn = known.state === "STATE_WITHDRAWN";
  element("known-title").textContent = {
    STATE_ENROLLED: `${identity} is enrolled`,
    STATE_CONSENTED: `${identity} has agreed but is not enrolled yet`,
    STATE_WITHDRAWN: `${identity} has withdrawn the consent`,
  }[known.state];
  showFacts(element("known-facts"), [
    ["Pictures", `${known.pictures ?? 0}, encrypted`],
    ["Models of the likeness", `${known.adapterSha256?.length ?? 0}`],
    ["Consent", withdrawn ? "withdrawn: nothing can be used" : `version ${known.consentVersion}`],
    ["Since", day(known.createTime)],
    ["Expires on", day(known.expireTime)],
  ]);
  const again = known.state === "STATE_ENROLLED";
  button("known-enroll").textContent = again ? "Enrol again" : "Enrol";
  button("known-withdraw").hidden = withdrawn;
  show("known");
}

async function refresh() {
  const known = await api.find(identity);
  if (known) showKnown(known);
  else await askConsent();
}

async function withdraw() {
  await api.withdraw(identity);
  await refresh();
}

async function erase() {
  const erasure = await api.erase(identity);
  const { objects = 0, keysSha256 = [], auditHead } = erasure;
  element("erased-text").textContent = objects
    ? `${objects} objects and their ${keysSha256.length} keys are destroyed. ` +
      `Nothing is left of ${identity}.`
    : `Nothing is left of ${identity}.`;
  element("erased-proof").textContent = `Audit log at ${auditHead}. Hashes of the destroyed keys: ${
    keysSha256.join(", ") || "none"
  }.`;
  show("erased");
}

function closeCamera() {
  cameraCheck?.stop();
  cameraCheck = undefined;
  for (const track of camera?.getTracks() ?? []) track.stop();
  camera = undefined;
}

/** @param {string} id */
function box(id) {
  return /** @type {HTMLInputElement} */ (element(id));
}

/** @param {string} id */
function media(id) {
  return /** @type {HTMLVideoElement} */ (element(id));
}

/**
 * @param {string} id
 * @param {() => Promise<void> | void} work
 */
function onClick(id, work) {
  element(id).addEventListener("click", () => attempt(work));
}

element("name-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const field = box("name-field");
  identity = field.value.trim();
  field.setCustomValidity(
    NAME_PATTERN.test(identity) ? "" : element("name-help").textContent ?? "",
  );
  if (field.reportValidity()) attempt(begin);
});
box("name-field").addEventListener("input", () => box("name-field").setCustomValidity(""));
box("consent-box").addEventListener("change", () => {
  button("consent-go").disabled = !box("consent-box").checked;
});
box("way-keyboard").addEventListener("change", () => {
  document.body.classList.toggle("keys", box("way-keyboard").checked);
});
box("way-spoken").addEventListener("change", () => {
  if (box("way-spoken").checked) say("Prompts will be spoken.");
});
onClick("consent-go", consent);
onClick("check-go", enroll);
onClick("leave", () => session?.leave());
onClick("result-again", checkCamera);
onClick("result-known", refresh);
onClick("known-enroll", async () => {
  const known = await api.find(identity);
  return known && known.state !== "STATE_WITHDRAWN" ? checkCamera() : askConsent();
});
onClick("known-withdraw", withdraw);
onClick("known-erase", () => {
  /** @type {HTMLDialogElement} */ (element("erase-dialog")).showModal();
});
onClick("erase-yes", erase);
onClick("trouble-again", begin);
addEventListener("keydown", (event) => {
  if (event.key === "Escape") session?.leave();
});

attempt(begin);
