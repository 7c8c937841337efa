/** One fault at its place. */
export interface Fault {
  pointer: string;
  code: string;
  message: string;
}

/** Whatever kept a request from success: the server's problem, or that it did not answer. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly requestId: string | null,
    readonly faults: Fault[],
  ) {
    super(message);
    this.name = 'Problem';
  }

  static async of(response: Response, body?: unknown): Promise<Problem> {
    const read = body ?? (await response.json().catch(() => null));
    const from = (typeof read === 'object' && read !== null ? read : {}) as Partial<{
      code: string;
      detail: string;
      title: string;
      request_id: string;
      errors: Fault[];
    }>;
    return new Problem(
      response.status,
      from.code ?? 'unreadable',
      from.detail || from.title || `HTTP ${response.status}`,
      from.request_id ?? response.headers.get('x-request-id'),
      from.errors ?? [],
    );
  }

  /** Anything thrown, as a problem. */
  static from(thrown: unknown): Problem {
    if (thrown instanceof Problem) return thrown;
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    return new Problem(0, 'unreachable', message, null, []);
  }
}
