/** Sends a component with its progress, which fetch does not tell. */
import { BASE, type Template } from '../api/client';
import { cause } from '../api/presence';
import { Problem } from '../api/problem';
import { session } from '../api/session';

/**
 * The template that a file became. `told` hears how much of it has arrived, from 0 to 1; at 1 the server examines it.
 * A refusal is thrown as a problem.
 */
export function upload(file: Blob, told: (share: number) => void, signal: AbortSignal): Promise<Template> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', `${BASE}/templates`);
    const headers = { 'Content-Type': 'application/wasm', ...session.credentials(), ...cause() };
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => {
      if (event.lengthComputable && event.total > 0) told(event.loaded / event.total);
    };
    request.upload.onload = () => told(1);
    request.onload = () => {
      if (request.status === 200) {
        resolve(JSON.parse(request.responseText) as Template);
        return;
      }
      if (request.status === 401) session.refused();
      const headers = { 'x-request-id': request.getResponseHeader('x-request-id') ?? '' };
      const response = new Response(request.responseText, { status: request.status, headers });
      void Problem.of(response).then(reject, reject);
    };
    request.onerror = () => reject(new Problem(0, 'unreachable', 'the server did not answer', null, []));
    request.onabort = () => reject(new Problem(0, 'stopped', 'it was stopped', null, []));
    signal.addEventListener('abort', () => request.abort(), { once: true });
    request.send(file);
  });
}
