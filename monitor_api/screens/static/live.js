// A doorbell: it rings when something changed, and the page asks what. One tab of all holds the stream and rings for
// the others, because a browser opens six connections to a host and no more.
const KINDS = ["hello", "reset", "session", "alert", "device", "patient", "regimen", "practice", "gateway"];

export function listen(ring) {
  if (!window.EventSource || !window.BroadcastChannel || !navigator.locks) return;
  const channel = new BroadcastChannel("lumenward");
  const say = () => { ring(); channel.postMessage("ring"); };
  channel.onmessage = () => ring();

  function open() {
    const stream = new EventSource("/api/v1/events");
    for (const kind of KINDS) stream.addEventListener(kind, say);
    // A stream that was cut is opened again by the browser; one that was refused, by us.
    stream.onerror = () => { if (stream.readyState === EventSource.CLOSED) setTimeout(open, 3000); };
  }
  // The lock is never given back: with the tab it goes to the next one.
  navigator.locks.request("lumenward-stream", () => new Promise(open));
}
