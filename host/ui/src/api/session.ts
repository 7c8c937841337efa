/**
 * Who is signed in. The one place that knows how: today an administrator's token that lives as long as the tab.
 * Everything else asks for `credentials()` and hears of changes by `subscribe`.
 */
const KEY = 'sandglass.token';

type Listener = () => void;
const listeners = new Set<Listener>();
let ended = false;

function tell() {
  for (const listener of listeners) listener();
}

export const session = {
  isSignedIn: () => sessionStorage.getItem(KEY) !== null,
  /** Whether the server ended it, so that the sign-in page can say so. */
  wasEnded: () => ended,
  /** Headers that say who asks. */
  credentials(): Record<string, string> {
    const token = sessionStorage.getItem(KEY);
    return token === null ? {} : { Authorization: `Bearer ${token}` };
  },
  begin(token: string) {
    ended = false;
    sessionStorage.setItem(KEY, token);
    tell();
  },
  /** Forgets the token; `refused` when the server did not take it. */
  end(refused = false) {
    ended = refused;
    sessionStorage.removeItem(KEY);
    tell();
  },
  subscribe(listener: Listener) {
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  },
};

/** Whether the server takes this token. Throws when it cannot be asked. */
export async function tryToken(token: string): Promise<boolean> {
  const response = await fetch('/api/admin/scheduler/status', { headers: { Authorization: `Bearer ${token}` } });
  if (response.status === 401 || response.status === 403) return false;
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return true;
}
