import { expect, it } from 'vitest';
import { FrameReader } from './stream';

it('gives each frame once, however its bytes come', () => {
  const text = ': connected\n\nevent: log\ndata: {"a":1}\n\nevent: end\r\ndata: one\r\ndata: two\r\n\r\n';
  for (const size of [1, 3, 7, text.length]) {
    const reader = new FrameReader();
    const frames = [];
    for (let at = 0; at < text.length; at += size) frames.push(...reader.take(text.slice(at, at + size)));
    expect(frames).toEqual([
      { event: 'log', data: '{"a":1}' },
      { event: 'end', data: 'one\ntwo' },
    ]);
  }
});
