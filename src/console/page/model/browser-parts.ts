/** What a stream and a model need of a browser. */
import { type OpenStream, type StreamParts, StreamRefused } from './stream.ts';
import { whenWorthATry } from './worth-a-try.ts';

/** A body's text as it comes. */
export async function* textOf(response: Response): AsyncGenerator<string> {
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

const openEvents: OpenStream = async function* (lastEventId, signal) {
  const headers: Record<string, string> = { accept: 'text/event-stream' };
  if (lastEventId !== null) headers['last-event-id'] = String(lastEventId);
  const response = await fetch('api/events', { headers, signal, cache: 'no-store' });
  if (!response.ok || !response.body) throw new StreamRefused(response.status);
  yield* textOf(response);
};

export const browserParts: StreamParts = {
  open: openEvents,
  whenWorthATry: (call) => whenWorthATry({ window, document }, call),
  chance: Math.random,
  after(ms, call) {
    const timer = setTimeout(call, ms);
    return () => clearTimeout(timer);
  },
  soon(call) {
    // No frame is drawn of a page that nobody sees.
    if (document.hidden) setTimeout(call, 500);
    else requestAnimationFrame(call);
  },
};

/** So often the shown time goes on. */
const tickMs = 200;

/** Calls now and again and again, so that shown times go on; less often while nobody sees the page. */
export function everyTick(call: (nowMs: number) => void): void {
  const tick = () => {
    call(Date.now());
    setTimeout(tick, document.hidden ? 1_000 : tickMs);
  };
  tick();
}
