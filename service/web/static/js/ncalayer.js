// Signing by NCALayer, the program of the national certification authority on the officer's desk: it is reached by its
// local web socket, shows its own window for key and password, and gives back a detached CMS over the decision.

import { flash } from "./app.js";

const OPEN_MS = 5000; // the program answers at once where it runs
const HEARTBEAT = "--heartbeat--";
const SIGNING = "1.3.6.1.5.5.7.3.4"; // extended key usage of certificates for signing, not for logging in

const page = document.getElementById("ncalayer");
const button = document.getElementById("sign-here");
const state = document.getElementById("ncalayer-state");
const token = JSON.parse(document.body.getAttribute("hx-headers:inherited") ?? "{}");

class Failure extends Error {}

/** Post to this host; a refusal comes in the reader's words. */
async function post(path, fields = {}) {
  let answer;
  try {
    answer = await fetch(`${page.dataset.base}/${path}`, {
      method: "POST", headers: token, body: new URLSearchParams(fields), credentials: "same-origin",
    });
  } catch {
    throw new Failure(page.dataset.offline);
  }
  const said = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Failure(said.refusal ?? page.dataset.offline);
  return said;
}

/** The open socket of the program, once it has greeted. */
function connect() {
  return new Promise((resolve, reject) => {
    let socket;
    try {
      socket = new WebSocket(page.dataset.address);
    } catch {
      return reject(new Failure(page.dataset.absent));
    }
    const late = setTimeout(() => {
      socket.close();
      reject(new Failure(page.dataset.absent));
    }, OPEN_MS);
    socket.onopen = () => {
      clearTimeout(late);
      resolve(socket);
    };
    socket.onerror = socket.onclose = () => {
      clearTimeout(late);
      reject(new Failure(page.dataset.absent));
    };
  });
}

/** One question; the program's greeting and its heartbeats are no answers. */
function ask(socket, request) {
  return new Promise((resolve, reject) => {
    socket.onclose = socket.onerror = () => reject(new Failure(page.dataset.closed));
    socket.onmessage = ({ data }) => {
      if (data === HEARTBEAT) return;
      let answer;
      try {
        answer = JSON.parse(data);
      } catch {
        return reject(new Failure(page.dataset.unreadable));
      }
      if (answer?.result?.version || Object.keys(answer ?? {}).length === 0) return;
      resolve(answer);
    };
    socket.send(JSON.stringify(request));
  });
}

function cancelled(answer) {
  return /cancel/i.test(`${answer.code ?? ""} ${answer.message ?? ""}`);
}

/** What the module `basics` answered: the CMS; null where an old program does not know the module. */
function ofBasics(answer) {
  if (answer.status === true) {
    const result = answer.body?.result;
    const cms = Array.isArray(result) ? result[0] : result;
    if (!cms) throw new Failure(page.dataset.cancelled);
    return cms;
  }
  if (cancelled(answer)) throw new Failure(page.dataset.cancelled);
  if (answer.status === undefined) return null;
  throw new Failure(`${page.dataset.refused} ${answer.message ?? answer.code ?? ""}`.trim());
}

function ofCommonUtils(answer) {
  if (cancelled(answer)) throw new Failure(page.dataset.cancelled);
  if (String(answer.code) !== "200" || !answer.responseObject) {
    throw new Failure(`${page.dataset.refused} ${answer.message ?? answer.code ?? ""}`.trim());
  }
  return answer.responseObject;
}

/** A detached CMS over the document, base64 without line ends and PEM's frame. */
async function signed(content) {
  const socket = await connect();
  try {
    const basics = {
      module: "kz.gov.pki.knca.basics",
      method: "sign",
      args: {
        allowedStorages: null, format: "cms", data: content, locale: page.dataset.locale,
        signingParams: { decode: "true", encapsulate: "false", digested: "false", tsaProfile: {} },
        signerParams: { extKeyUsageOids: [SIGNING], chain: [] },
      },
    };
    const common = {
      module: "kz.gov.pki.knca.commonUtils", method: "createCAdESFromBase64", args: ["PKCS12", "SIGNATURE", content, false],
    };
    const cms = ofBasics(await ask(socket, basics)) ?? ofCommonUtils(await ask(socket, common));
    return cms.replace(/-----[^-]+-----/g, "").replace(/\s+/g, "");
  } finally {
    socket.onclose = socket.onerror = null;
    socket.close();
  }
}

button?.addEventListener("click", async () => {
  button.disabled = true;
  try {
    state.textContent = page.dataset.working;
    const { document: content } = await post("document");
    state.textContent = page.dataset.asking;
    const cms = await signed(content);
    state.textContent = page.dataset.sending;
    const { said, next } = await post("signature", { cms });
    flash(said, "good");
    state.textContent = said;
    location.assign(next);
  } catch (error) {
    state.textContent = "";
    flash(error instanceof Failure ? error.message : page.dataset.unreadable, "bad");
    button.disabled = false;
    button.focus();
  }
});
button?.focus();
