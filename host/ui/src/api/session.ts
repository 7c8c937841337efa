/**
 * Who is signed in. The one place that knows how: by name and password, which the server keeps as a cookie that no
 * script reads, or by a token that lives as long as the tab. Everything else asks for `credentials()` and hears of
 * changes by `subscribe`.
 */
import { Problem } from './problem';

const TOKEN = 'sandglass.token';
/** Says that this browser was given a cookie; whether it still opens anything, the server knows. */
const COOKIE = 'sandglass.cookie';

type Listener = () => void;
const listeners = new Set<Listener>();
let ended = false;

function tell() {
  for (const listener of listeners) listener();
}

function forget() {
  sessionStorage.removeItem(TOKEN);
  localStorage.removeItem(COOKIE);
}

/** Drafts and the like, which the next person at this browser is not to find. */
function forgetWork() {
  for (const key of Object.keys(sessionStorage)) if (key.startsWith('sandglass.')) sessionStorage.removeItem(key);
}

// Signing out in one tab signs out in all of them; so does a page that the browser kept and shows again.
window.addEventListener('storage', ({ key }) => {
  if (key === COOKIE || key === null) tell();
});
window.addEventListener('pageshow', ({ persisted }) => {
  if (persisted) tell();
});

export const session = {
  isSignedIn: () => sessionStorage.getItem(TOKEN) !== null || localStorage.getItem(COOKIE) !== null,
  /** Whether the server ended it, so that the sign-in page can say so. */
  wasEnded: () => ended,
  /** Headers that say who asks; none where the browser's cookie does. */
  credentials(): Record<string, string> {
    const token = sessionStorage.getItem(TOKEN);
    return token === null ? {} : { Authorization: `Bearer ${token}` };
  },
  beginWithToken(token: string) {
    forget();
    ended = false;
    sessionStorage.setItem(TOKEN, token);
    tell();
  },
  beginWithCookie() {
    forget();
    ended = false;
    localStorage.setItem(COOKIE, 'given');
    tell();
  },
  /** Forgets who was here, because the server no longer takes it. */
  refused() {
    ended = true;
    forget();
    tell();
  },
  /** Signs out: the server forgets the cookie's session too. A server that is away has it end by time. */
  async end() {
    const hadCookie = localStorage.getItem(COOKIE) !== null;
    if (hadCookie) await fetch('/api/auth/logout', { method: 'POST' }).catch(() => undefined);
    ended = false;
    forget();
    forgetWork();
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
  if (!response.ok) throw await Problem.of(response);
  return true;
}

/** Signs in, or sets up the first administrator with the token of a set-up link. Throws the server's problem. */
export async function signIn(name: string, password: string, setupToken?: string): Promise<void> {
  if (setupToken === undefined) await begin('/api/auth/login', { name, password });
  else await begin('/api/auth/setup', { token: setupToken, name, password });
}

/** Chooses a password by the link of an invitation, and signs in. Throws the server's problem. */
export const acceptInvitation = (token: string, password: string) => begin('/api/auth/invitation', { token, password });

async function begin(path: string, body: Record<string, string>): Promise<void> {
  const response = await fetch(path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  }).catch((thrown: unknown) => {
    throw Problem.from(thrown);
  });
  if (!response.ok) throw await Problem.of(response);
  session.beginWithCookie();
}

/** Whether anybody can sign in by name. Where the server does not say, a token is the way. */
export async function hasUsers(): Promise<boolean> {
  const response = await fetch('/api/auth/setup').catch(() => null);
  if (!response?.ok) return false;
  const state = (await response.json()) as { has_users?: boolean };
  return state.has_users === true;
}
