// The live connection to the server: one for all windows of a browser, since a browser gives one host few connections.
// The window that holds the lock listens and tells the others; when it closes, another takes over.

const CHANNEL = "qyran-stream";
const LOCK = "qyran-stream";
const LONGEST_WAIT_MS = 15_000;

/** Listen; `hear` takes an alert, `state` takes "on" or "lost" and since when, `end` the end of the login. */
export function listen(url, { hear, state, end }) {
  const channel = new BroadcastChannel(CHANNEL);
  let now = "wait";
  let since = Date.now();
  let source = null;
  let leads = false;

  function become(next, tell = true) {
    if (next !== now) {
      now = next;
      since = Date.now();
    }
    state(now, since);
    if (tell && leads) channel.postMessage({ kind: "state", now });
  }

  channel.addEventListener("message", ({ data }) => {
    if (data.kind === "ask" && leads) channel.postMessage({ kind: "state", now });
    if (leads) return;
    if (data.kind === "state") become(data.now, false);
    if (data.kind === "alert") hear(data.alert);
  });

  function open(wait = 1000) {
    source = new EventSource(url);
    source.addEventListener("open", () => {
      wait = 1000;
      become("on");
    });
    source.addEventListener("error", () => {
      become("lost");
      if (source.readyState !== EventSource.CLOSED) return;
      // The browser gave up: try again, later each time, with jitter so that a whole shift does not call at once.
      setTimeout(() => open(Math.min(LONGEST_WAIT_MS, wait * 2)), wait * (0.75 + Math.random() / 2));
    });
    source.addEventListener("alert", ({ data }) => {
      const alert = JSON.parse(data);
      hear(alert);
      channel.postMessage({ kind: "alert", alert });
    });
    source.addEventListener("end", () => {
      source.close();
      end();
    });
  }

  function lead() {
    leads = true;
    open();
    return new Promise(() => {}); // for as long as the window is there
  }

  if (navigator.locks) {
    navigator.locks.request(LOCK, lead);
    channel.postMessage({ kind: "ask" });
  } else lead();
  window.addEventListener("pagehide", () => source?.close());
  window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
}
