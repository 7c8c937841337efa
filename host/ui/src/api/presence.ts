/**
 * Whether somebody sits here. A page goes on asking by itself, and that must not keep a session from ending: what is
 * asked while nobody has touched the page for a while says so, and the server does not count it.
 */
const QUIET_MS = 60_000;
const SIGNS = ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchstart'] as const;

// Whoever opens a page is there.
let touched = Date.now();
for (const sign of SIGNS)
  window.addEventListener(
    sign,
    () => {
      touched = Date.now();
    },
    { passive: true, capture: true },
  );

/** What a request says of its cause. */
export function cause(now = Date.now()): Record<string, string> {
  return now - touched > QUIET_MS ? { 'X-Sandglass-Background': '1' } : {};
}
