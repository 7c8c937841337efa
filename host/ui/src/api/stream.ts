/** Server-sent events by fetch, because EventSource cannot say who asks. */
import { cause } from './presence';
import { Problem } from './problem';
import { session } from './session';

export interface Frame {
  event: string;
  data: string;
}

/** Splits text into frames as it comes. */
export class FrameReader {
  private rest = '';

  /** Frames that are complete now. */
  take(text: string): Frame[] {
    this.rest += text;
    const frames: Frame[] = [];
    for (;;) {
      const end = /\r?\n\r?\n/.exec(this.rest);
      if (!end) return frames;
      const block = this.rest.slice(0, end.index);
      this.rest = this.rest.slice(end.index + end[0].length);
      let event = 'message';
      const data: string[] = [];
      for (const line of block.split(/\r?\n/)) {
        if (line.startsWith('event:')) event = line.slice(6).trim();
        else if (line.startsWith('data:')) data.push(line.slice(5).replace(/^ /, ''));
      }
      if (data.length > 0) frames.push({ event, data: data.join('\n') });
    }
  }
}

/** Reads a stream until it ends. `opened` is called once it stands. */
export async function follow(
  url: string,
  signal: AbortSignal,
  heard: (frame: Frame) => void,
  opened?: () => void,
): Promise<void> {
  const headers = { ...session.credentials(), ...cause(), Accept: 'text/event-stream' };
  const response = await fetch(url, { headers, signal });
  if (!response.ok || !response.body) {
    if (response.status === 401) session.refused();
    throw await Problem.of(response);
  }
  opened?.();
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  const frames = new FrameReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    for (const frame of frames.take(value)) heard(frame);
  }
}
