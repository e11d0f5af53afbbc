/** Writes down what a hub says: one JSON object a line, a `RecordingHeader` first, then `ConsoleEvent`s. */
import type { Hub } from './hub.ts';
import { eventText } from './texts.ts';
import type { ConsoleEvent, RecordingHeader } from './wire.ts';

/** Where lines go. */
export interface RecordingSink {
  write(text: string): void;
  /** Bytes that were handed over and are not written yet. */
  readonly waitingBytes: number;
}

export interface RecorderOptions {
  readonly version: string;
  readonly now: () => number;
  /** Length of the recording at which it ends by itself, in bytes before compression. */
  readonly bytesMax: number;
  /** It has ended by itself. */
  readonly ended: (why: 'full' | 'slow') => void;
}

export interface Recorder {
  readonly startedMs: number;
  readonly events: number;
  readonly bytes: number;
  /** Names of the pipelines that said something. */
  readonly pipelines: ReadonlySet<string>;
  stop(): void;
}

/** A disk that is so far behind will not catch up. */
const waitingBytesMax = 32 * 2 ** 20;

/** Begins with what a page that is opened now would be told. */
export function startRecorder(hub: Hub, sink: RecordingSink, options: RecorderOptions): Recorder {
  const startedMs = options.now();
  const pipelines = new Set<string>();
  const counts = { events: 0, bytes: 0 };
  let leave: () => void = () => {};
  let over = false;

  const stop = () => {
    over = true;
    leave();
  };
  const put = (json: string) => {
    const text = `${json}\n`;
    counts.bytes += Buffer.byteLength(text);
    sink.write(text);
  };
  const hear = (event: ConsoleEvent) => {
    if (over) return;
    if (event.type === 'pipeline' || event.type === 'frames') pipelines.add(event.pipeline);
    counts.events += 1;
    put(eventText(event));
    const why =
      counts.bytes >= options.bytesMax ? 'full' : sink.waitingBytes > waitingBytesMax ? 'slow' : null;
    if (why === null) return;
    stop();
    options.ended(why);
  };

  const header: RecordingHeader = { recording: 1, version: options.version, startedMs };
  put(JSON.stringify(header));
  for (const event of hub.snapshot()) hear(event);
  if (!over) leave = hub.subscribe(hear);
  return {
    startedMs,
    get events() {
      return counts.events;
    },
    get bytes() {
      return counts.bytes;
    },
    pipelines,
    stop,
  };
}
