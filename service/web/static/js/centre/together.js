// Windows of one operator stay in step: the console says what is chosen, the map and the wall follow, and pick for it.

const CHANNEL = "qyran-chosen";

/** Speak and listen; `hear` takes `{kind, ...}` of other windows. */
export function together(hear = () => {}) {
  const channel = new BroadcastChannel(CHANNEL);
  channel.addEventListener("message", ({ data }) => hear(data));
  return (message) => channel.postMessage(message);
}
