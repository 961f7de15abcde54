// How old things are, by the server's civil clock: each answer says what time it is, and this counts on from there.
// A demo's clock may hurry; the page never does, the next answer sets it right.
let told = Date.parse(document.documentElement.dataset.now), heard = performance.now();

export function setNow(iso) {
  if (iso) [told, heard] = [Date.parse(iso), performance.now()];
}

export const now = () => told + performance.now() - heard;

// The same words as `words.age` on the server.
export function age(ms) {
  const s = Math.max(0, Math.floor(ms / 1000));
  if (s < 60) return `${s} s`;
  if (s < 7200) return `${Math.floor(s / 60)} min`;
  return s < 172800 ? `${Math.floor(s / 3600)} h` : `${Math.floor(s / 86400)} d`;
}

export function tick() {
  for (const time of document.querySelectorAll("time[data-age]")) {
    const words = age(now() - Date.parse(time.dateTime)) + time.dataset.age;
    if (time.textContent !== words) time.textContent = words;
  }
  for (const said of document.querySelectorAll("[data-until]")) said.hidden = now() > Date.parse(said.dataset.until);
}
